; cp and curl write into the existing file, and the kernel refuses that while it runs.
((command) @finding
  (#overwrites-program? @finding)
  (#not-unit? @finding "one-shot" "removed")
  (#not-guarded? @finding))

; The program runs from the first run on.
((command) @other
  (#drives-unit? @other "start" "restart" "enable")
  (#same-unit? @other @finding)
  (#same-place? @other @finding))

; Something ends it.
((command) @precedes
  (#set! counts "perhaps")
  (#effect? @precedes "stop" "unit" "process"))

((command) @precedes
  (#set! counts "perhaps")
  (#role? @precedes "signal"))

((command) @precedes
  (#effect? @precedes "remove" "path")
  (#covers? @precedes @finding))
