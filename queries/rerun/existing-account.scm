; useradd and groupadd without a test for the account.
((command) @finding
  (#set! command "useradd" "adduser" "groupadd" "addgroup")
  (#second-run? @finding "fails"))
