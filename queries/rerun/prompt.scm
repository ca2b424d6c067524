; A program waits for an answer.
((command) @finding
  (#second-run? @finding "prompts")
  (#asks? @finding "program"))

; The second run skips it, but the first one waits.
((command) @finding
  (#second-run? @finding "skipped")
  (#asks? @finding "program"))

; The script itself asks, which is reported once.
((command) @finding
  (#set! once "script")
  (#second-run? @finding "prompts")
  (#asks? @finding "script"))
