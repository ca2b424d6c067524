; Commands that wait for an answer.
((command) @finding
  (#second-run? @finding "prompts")
  (#asks? @finding "program"))

; The script's own questions, told once.
((command) @finding
  (#set! once "script")
  (#second-run? @finding "prompts")
  (#asks? @finding "script"))
