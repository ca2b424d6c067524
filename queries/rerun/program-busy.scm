; cp and curl write into the file that is there, and the kernel refuses that while it runs.
((command) @finding
  (#overwrites-program? @finding)
  (#not-unit? @finding "stopped" "one-shot" "removed")
  (#not-guarded? @finding))

; It runs from the first run on.
((command) @other
  (#drives-unit? @other "start" "restart" "enable")
  (#same-unit? @other @finding))

; Something ends it.
((command) @precedes
  (#drives-unit? @precedes "stop")
  (#same-unit? @precedes @finding))

((command) @precedes
  (#role? @precedes "signal"))

((command) @precedes
  (#effect? @precedes "remove" "path")
  (#same-resource? @precedes @finding))
