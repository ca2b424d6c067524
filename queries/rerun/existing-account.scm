; useradd and groupadd run without a test for the account.
((command) @finding
  (#second-run? @finding "fails")
  (#blamed? @finding "create" "user" "group")
  (#not-on-failure? @finding "handled"))
