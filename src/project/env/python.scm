; os.environ["X"], and of another name for it
(subscript
  value: [(identifier) @mapping (attribute attribute: (identifier) @mapping)]
  subscript: (string (string_start) . (string_content) @name . (string_end))
  (#match? @mapping "^(environ|_?(os_)?env|environment|ENV)$")) @item

; "X" in os.environ
(comparison_operator
  (string (string_start) . (string_content) @name . (string_end)) @asked
  [(identifier) @mapping (attribute attribute: (identifier) @mapping)]
  (#match? @mapping "^(environ|_?(os_)?env|environment|ENV)$"))

; env = os.environ, from os import environ as env
(assignment
  left: (identifier) @alias
  right: [(identifier) @environ (attribute attribute: (identifier) @environ)]
  (#eq? @environ "environ"))
(aliased_import name: (dotted_name (identifier) @environ) alias: (identifier) @alias (#eq? @environ "environ"))

; os.getenv("X", d), environ.get("X", d), env("X", default=d), env.bool("X"), config("X", default=d)
(call
  function: [
    (identifier) @function
    (attribute object: [(identifier) @object (attribute attribute: (identifier) @object)] attribute: (identifier) @function)
  ]
  arguments: (argument_list . (string (string_start) . (string_content) @name . (string_end)) . (_)? @second) @arguments) @call

; environ.Env(X=(bool, False)) of django-environ
(call
  function: [(identifier) @function (attribute attribute: (identifier) @function)]
  arguments: (argument_list (keyword_argument name: (identifier) @scheme value: (tuple . (_) . (_) @default)))
  (#match? @function "^(Env|FileAwareEnv)$"))

; click.option("--x", envvar="X")
(keyword_argument
  name: (identifier) @key
  value: [(string (string_content) @envvar) (list (string (string_content) @envvar))]
  (#eq? @key "envvar"))

; What a class of settings declares.
(class_definition
  name: (identifier) @class
  superclasses: (argument_list) @bases
  body: (block) @body)

; In it: X: str = d
(class_definition
  name: (identifier) @owner
  body: (block
    (expression_statement
      (assignment left: (identifier) @field type: (type) @type right: (_)? @default) @declaration)))

; model_config = SettingsConfigDict(env_prefix="X_"), class Config: env_prefix = "X_"
(keyword_argument name: (identifier) @key value: (_) @prefix (#eq? @key "env_prefix"))
(assignment left: (identifier) @key right: (_) @prefix (#eq? @key "env_prefix"))
