//! Which Python package needs which library of the system. This is only data.

/// A library that a package needs from the system.
pub(crate) struct Need {
    /// The package, with its name as in PEP 503.
    pub(crate) package: &'static str,
    /// The Debian package that has it.
    pub(crate) library: &'static str,
    /// Parts of the names of packages that have it or bring it, also in other distributions.
    pub(crate) others: &'static [&'static str],
    /// An extra with which the package brings its own library.
    pub(crate) unless: &'static str,
    /// What happens without the library.
    pub(crate) without: &'static str,
}

/// Each fact is from the page that is named beside it. It was also tried with the newest release, in a fresh environment on
/// Debian 12 without the library: mysqlclient, python-ldap, pyaudio, pdf2image, pytesseract and pydub fail with these
/// words.
pub(crate) const NEEDS: &[Need] = &[
    // https://www.psycopg.org/docs/install.html#build-prerequisites; only psycopg2-binary has wheels for Linux.
    Need {
        package: "psycopg2",
        library: "libpq-dev",
        others: &[
            "libpq-devel", "postgresql-devel", "postgresql-server-dev", "libgdal-dev", "python3-psycopg2",
            "postgresql-dev",
        ],
        unless: "binary",
        without: "its build stops: pg_config executable not found",
    },
    // https://www.psycopg.org/psycopg3/docs/basic/install.html#pure-python-installation
    Need {
        package: "psycopg",
        library: "libpq5",
        others: &["libpq", "postgres", "postgis", "libgdal", "python3-psycopg"],
        unless: "binary",
        without: "its import fails: no pq wrapper available",
    },
    // https://github.com/PyMySQL/mysqlclient#linux: no wheels for Linux.
    Need {
        package: "mysqlclient",
        library: "default-libmysqlclient-dev",
        others: &[
            "libmysqlclient-dev", "libmariadb", "mysql-devel", "mariadb-devel", "mariadb-connector-c",
            "python3-mysqldb",
        ],
        unless: "",
        without: "its build stops: pkg-config finds neither mysqlclient nor mariadb",
    },
    // https://www.python-ldap.org/en/latest/installing.html#build-prerequisites: no wheels.
    Need {
        package: "python-ldap",
        library: "libldap2-dev",
        others: &["libldap-dev", "openldap-devel", "python3-ldap"],
        unless: "",
        without: "its build stops: lber.h is missing",
    },
    // https://doc.courtbouillon.org/weasyprint/stable/first_steps.html#linux
    Need {
        package: "weasyprint",
        library: "libpango-1.0-0",
        others: &[
            "pango", "weasyprint", "chromium", "google-chrome", "wkhtmltopdf", "libgtk", "imagemagick",
            "graphviz", "librsvg", "inkscape", "libreoffice",
        ],
        unless: "",
        without: "its import fails: cannot load library 'libpango-1.0-0'",
    },
    // PyPI, pdf2image: "Linux: apt-get install poppler-utils".
    Need {
        package: "pdf2image",
        library: "poppler-utils",
        others: &["poppler"],
        unless: "",
        without: "each call fails",
    },
    // PyPI, pytesseract: "Prerequisites: Install Google Tesseract OCR".
    Need {
        package: "pytesseract",
        library: "tesseract-ocr",
        others: &["tesseract"],
        unless: "",
        without: "each call fails",
    },
    // https://github.com/jiaaro/pydub#dependencies: other formats than WAV.
    Need {
        package: "pydub",
        library: "ffmpeg",
        others: &["ffmpeg", "libav-tools"],
        unless: "",
        without: "everything except WAV fails: ffmpeg is not found",
    },
    // Its Qt is linked against libGL.so.1 (readelf of the wheel, 4.x); opencv-python-headless has none.
    Need {
        package: "opencv-python",
        library: "libgl1",
        others: &[
            "libgl", "mesa", "ffmpeg", "opencv", "chromium", "google-chrome", "libgtk", "xorg", "xvfb",
            "libreoffice",
        ],
        unless: "",
        without: "its import fails: libGL.so.1: cannot open shared object file",
    },
    // PyPI, PyAudio: "sudo apt-get install python3-pyaudio" or portaudio19-dev; no wheels for Linux.
    Need {
        package: "pyaudio",
        library: "portaudio19-dev",
        others: &["portaudio", "pyaudio"],
        unless: "",
        without: "its build stops: portaudio.h is missing",
    },
];
