; process.env.X, import.meta.env.X
(member_expression
  object: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  property: (property_identifier) @name
  (#any-of? @root "process" "import.meta")
  (#eq? @env "env")) @read

; process.env["X"]
(subscript_expression
  object: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  index: (string (string_fragment) @name)
  (#any-of? @root "process" "import.meta")
  (#eq? @env "env")) @read

; const { X, Y = d, Z: z } = process.env
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @name
    (object_assignment_pattern left: (shorthand_property_identifier_pattern) @name right: (_) @default)
    (pair_pattern key: (property_identifier) @name)
  ])
  value: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  (#any-of? @root "process" "import.meta")
  (#eq? @env "env"))

; config.get("X"), config.get<string>("X", d), config.getOrThrow("X") of NestJS
(call_expression
  function: (member_expression object: (_) @service property: (property_identifier) @method)
  arguments: (arguments . (string (string_fragment) @name) . (_)? @second)
  (#any-of? @method "get" "getOrThrow")
  (#match? @service "[cC]onfig(Service)?$"))

; z.object({ X: z.string().default(d) }), cleanEnv(process.env, { X: str({ default: d }) }), Joi.object({ X: Joi.string() })
(pair
  key: (property_identifier) @key
  value: (call_expression) @schema
  (#match? @key "^[A-Z][A-Z0-9_]*$")
  (#match? @schema "^(z|zod|Joi|joi|yup)[.]|^(str|num|bool|url|port|email|host|json)[(]"))
