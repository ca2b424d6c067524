
; const env = process.env as Env
(variable_declarator
  name: (identifier) @alias
  value: (as_expression
    (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env))
  (#any-of? @root "process" "import.meta" "Bun")
  (#eq? @env "env"))

; const { X, Y = d, Z: z } = process.env as Env
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @name
    (object_assignment_pattern left: (shorthand_property_identifier_pattern) @name right: (_) @default)
    (pair_pattern key: (property_identifier) @name value: (identifier))
    (pair_pattern key: (property_identifier) @name value: (assignment_pattern right: (_) @default))
  ])
  value: (as_expression [
    (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
    (identifier) @mapping
  ])) @pattern
