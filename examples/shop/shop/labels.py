"""Parcel labels: carriers send a PDF, the printer at the desk wants a picture."""

from io import BytesIO

from pdf2image import convert_from_bytes


def label_picture(pdf: bytes) -> bytes:
    picture = BytesIO()
    convert_from_bytes(pdf, dpi=203, grayscale=True, single_file=True)[0].save(picture, "PNG")
    return picture.getvalue()
