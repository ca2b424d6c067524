; A migration …
((command) @finding
  (#role? @finding "migrate"))

; … unless a backup has come before it.
((command) @precedes
  (#set! command "pg_dump" "backup.sh")
  (#same-place? @precedes @finding))
