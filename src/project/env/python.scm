; os.environ["X"]
(subscript
  value: [(identifier) @mapping (attribute attribute: (identifier) @mapping)]
  subscript: (string (string_start) . (string_content) @name . (string_end))
  (#eq? @mapping "environ")) @item

; os.getenv("X", d), environ.get("X", d), env("X", default=d), env.bool("X"), config("X", default=d)
(call
  function: [
    (identifier) @function
    (attribute object: [(identifier) @object (attribute attribute: (identifier) @object)] attribute: (identifier) @function)
  ]
  arguments: (argument_list . (string (string_start) . (string_content) @name . (string_end)) . (_)? @second) @arguments) @call

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
(keyword_argument name: (identifier) @key value: (string (string_content) @prefix) (#eq? @key "env_prefix"))
(assignment left: (identifier) @key right: (string (string_content) @prefix) (#eq? @key "env_prefix"))
