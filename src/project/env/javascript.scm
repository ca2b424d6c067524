; process.env.X, import.meta.env.X, Bun.env.X
(member_expression
  object: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  property: (property_identifier) @name
  (#any-of? @root "process" "import.meta" "Bun")
  (#eq? @env "env")) @read

; process.env["X"]
(subscript_expression
  object: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  index: (string (string_fragment) @name)
  (#any-of? @root "process" "import.meta" "Bun")
  (#eq? @env "env")) @read

; const env = process.env
(variable_declarator
  name: (identifier) @alias
  value: (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
  (#any-of? @root "process" "import.meta" "Bun")
  (#eq? @env "env"))

; env.X, env["X"] of such a name
(member_expression
  object: (identifier) @mapping
  property: (property_identifier) @name
  (#match? @name "^[A-Z][A-Z0-9_]+$")) @read
(subscript_expression
  object: (identifier) @mapping
  index: (string (string_fragment) @name)
  (#match? @name "^[A-Z][A-Z0-9_]+$")) @read

; const { X, Y = d, Z: z } = process.env
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @name
    (object_assignment_pattern left: (shorthand_property_identifier_pattern) @name right: (_) @default)
    (pair_pattern key: (property_identifier) @name value: (identifier))
    (pair_pattern key: (property_identifier) @name value: (assignment_pattern right: (_) @default))
  ])
  value: [
    (member_expression object: [(identifier) @root (meta_property) @root] property: (property_identifier) @env)
    (identifier) @mapping
  ]) @pattern

; import { X } from "$env/static/private", import { env } from "$env/dynamic/private" of SvelteKit
(import_statement
  (import_clause (named_imports (import_specifier name: (identifier) @imported)))
  source: (string (string_fragment) @module)
  (#match? @module "^[$]env/"))

; config.get("X"), config.get<string>("X", d), config.getOrThrow("X") of NestJS, Deno.env.get("X"), env.get("X") of env-var
(call_expression
  function: (member_expression object: (_) @service property: (property_identifier) @method)
  arguments: (arguments . (string (string_fragment) @name) . (_)? @second)
  (#any-of? @method "get" "getOrThrow")
  (#match? @service "([cC]onfig(Service)?|^Deno[.]env|^env)$")) @call

; requireEnv("X"), getEnv("X", d): the project's own helper
(call_expression
  function: [(identifier) @helper (member_expression property: (property_identifier) @helper)]
  arguments: (arguments . (string (string_fragment) @name) . (_)? @second)
  (#match? @helper "[eE][nN][vV]")
  (#match? @name "^[A-Z][A-Z0-9]*_[A-Z0-9_]+$")) @call

; env: "X" in the schema of convict
(pair
  key: (property_identifier) @key
  value: (string (string_fragment) @convict)
  (#eq? @key "env"))

; z.object({ X: z.string().default(d) }), cleanEnv(process.env, { X: str({ default: d }) }), Joi.object({ X: Joi.string() })
(pair
  key: (property_identifier) @key
  value: (call_expression) @schema
  (#match? @key "^[A-Z][A-Z0-9_]*$")
  (#match? @schema "^(z|zod|Joi|joi|yup|v)[.]|^(str|num|bool|url|port|email|host|json|makeValidator)[(]"))
