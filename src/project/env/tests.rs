//! Uses of variables in small programs.

use crate::project::env::{Access, Found, Need, javascript, python};
use crate::syntax::code::Language;

fn shown(found: Result<Vec<Found>, String>) -> Vec<String> {
    let need = |need: &Need| match need {
        Need::Required => "required".to_owned(),
        Need::Unasked => "unasked".to_owned(),
        Need::Optional => "optional".to_owned(),
        Need::Default(text) => format!("or {text}"),
    };
    found
        .unwrap_or_else(|e| vec![Found { name: e, range: 0..0, access: Access::Set, any_case: false }])
        .iter()
        .map(|f| match &f.access {
            Access::Read(of) => format!("{} {}", f.name, need(of)),
            Access::Set => format!("{} set", f.name),
        })
        .collect()
}

fn python_uses(text: &str) -> Vec<String> {
    shown(python::uses(text))
}

fn typescript_uses(text: &str) -> Vec<String> {
    shown(javascript::uses(Language::TypeScript, text))
}

#[test]
fn the_environment_of_python() {
    assert_eq!(
        python_uses(
            "import os\nfrom os import environ, getenv\n\
             A = os.environ[\"A\"]\nos.environ[\"SET\"] = \"1\"\nB = os.environ.get(\"B\", \"\")\nC = getenv('C')\n\
             D = int(os.getenv('D', '587'))\nE = os.getenv(\"E\") or \"x\"\nif os.getenv(\"F\") == \"1\":\n    pass\n\
             G = os.getenv(key)\nH = os.getenv(f\"H_{x}\")\ndel os.environ[\"GONE\"]\nI = d[\"NO\"]\nd.get(\"NEITHER\")\n\
             # os.environ[\"COMMENT\"]\nJ = \"os.environ['TEXT']\"\n"
        ),
        ["A required", "SET set", "B optional", "C unasked", "D or '587'", "E or \"x\"", "F optional"]
    );
}

#[test]
fn django_environ_and_decouple() {
    assert_eq!(
        python_uses(
            "import environ\nenv = environ.Env()\nA = env('A')\nB = env.int('B', default=587)\nC = env.bool('C', default=True)\n\
             D = env('D', default='')\nE = env.db('E')\nF = env.read_env('NOT')\n"
        ),
        ["A required", "B or 587", "C or True", "D optional", "E required"]
    );
    assert_eq!(
        python_uses("from decouple import config\nA = config('A')\nB = config('B', default=25, cast=int)\n"),
        ["A required", "B or 25"]
    );
    // Anybody may call a function `config`.
    assert_eq!(python_uses("import os\nA = config('A')\nB = env('B')\n"), Vec::<String>::new());
}

#[test]
fn settings_of_pydantic() {
    assert_eq!(
        python_uses(
            "from pydantic_settings import BaseSettings, SettingsConfigDict\n\
             class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix=\"SHOP_\")\n    database_url: str\n    \
             workers: int = 2\n    note: str | None = None\n    kind: ClassVar[str] = \"x\"\n    _own: int = 1\n\
             class Mail(Base):\n    host: str = Field(..., env=\"MAIL_HOST\")\n    key: str = Field(default=\"\", alias=\"MAIL_KEY\")\n    \
             port: int = Field(25)\n    \
             def ready(self) -> bool:\n        local: int = 3\n        return True\n\
             class Item(BaseModel):\n    price: int\n"
        ),
        [
            "SHOP_DATABASE_URL required", "SHOP_WORKERS or 2", "SHOP_NOTE optional", "MAIL_HOST required",
            "MAIL_KEY optional", "SHOP_PORT or 25"
        ]
    );
}

#[test]
fn the_environment_of_javascript() {
    assert_eq!(
        typescript_uses(
            "const a = process.env.A;\nconst { B, C = \"x\", D: d } = process.env;\nconst e = process.env[\"E\"] ?? \"y\";\n\
             const f = import.meta.env.VITE_F || \"\";\nconst g = process.env.G!;\nprocess.env.SET = \"1\";\n\
             if (!process.env.H) {}\nconst i = process.env.I ? 1 : 2;\nconst j = config.get<string>(\"J\");\n\
             const k = configService.get('K', 'k');\nconst l = map.get(\"NOT\");\nconst m = process.env.M as string;\nconst o = count(process.env.O, 5);\n\
             // process.env.COMMENT\nconst n = \"process.env.TEXT\";\n"
        ),
        [
            "A unasked", "B unasked", "C or \"x\"", "D unasked", "E or \"y\"", "VITE_F optional",
            "G unasked", "SET set", "H optional", "I optional", "J unasked", "K or 'k'", "M unasked",
            "O optional"
        ]
    );
}

#[test]
fn a_default_ends_where_its_expression_does() {
    assert_eq!(
        typescript_uses(
            "const a = `${process.env.A_PATH || ''}/images/${b}`;\nconst c = process.env.C_URL || f(\"a,b\", { c: 1 });\n\
             const d = e ? process.env.D_URL ?? \"http://x\" : \"y\";\n"
        ),
        ["A_PATH optional", "C_URL or f(\"a,b\", { c: 1 })", "D_URL or \"http://x\""]
    );
}

#[test]
fn schemas_of_the_environment() {
    assert_eq!(
        typescript_uses(
            "const schema = z.object({ A: z.string(), B: z.coerce.number().default(3000), C: z.string().optional() });\n\
             export const env = schema.parse(process.env);\n"
        ),
        ["A required", "B or 3000", "C optional"]
    );
    assert_eq!(
        typescript_uses("cleanEnv(process.env, { A: str(), B: port({ default: 3000 }) });"),
        ["A required", "B or 3000"]
    );
    assert_eq!(
        typescript_uses(
            "export const validationSchema = Joi.object({ A: Joi.string().required(), B: Joi.string() });"
        ),
        ["A required", "B optional"]
    );
    // This is a schema of something else.
    assert_eq!(typescript_uses("const order = z.object({ ID: z.string() });"), Vec::<String>::new());
}

#[test]
fn what_is_read_may_be_tested_later() {
    assert_eq!(
        typescript_uses(
            "const a = process.env.A;\nif (!a) { throw new Error(); }\nconst b = process.env.B;\nuse(b || \"/\");\n\
             const c = process.env.C;\nif (c) { use(c); }\nconst d = Number(process.env.D) > 0 ? 1 : 2;\n\
             function f(e = process.env.E) { return String(e || \"manual\"); }\n"
        ),
        ["A unasked", "B optional", "C optional", "D optional", "E optional"]
    );
    assert_eq!(
        python_uses(
            "import os\na = os.environ.get(\"A\")\nif not a:\n    raise SystemExit\nb = os.getenv(\"B\")\nif b:\n    use(b)\n\
             c = os.getenv(\"C\")\nuse(c or 1)\nd = os.getenv(\"D\")\nuse(d)\n"
        ),
        ["A unasked", "B optional", "C optional", "D unasked"]
    );
}

#[test]
fn other_names_of_the_environment_in_python() {
    assert_eq!(
        python_uses(
            "import os\nfrom os import environ as env\nconf = os.environ\nA = env[\"A\"]\nB = conf.get(\"B\", 1)\n\
             if \"C\" in os.environ: pass\nos.environ.setdefault(\"D\", \"x\")\nE = other[\"E\"]\nif \"F\" in other: pass\n\
             def require_env(name): return os.environ[name]\nG = require_env(\"MAIL_HOST\")\nH = get_env_int(\"MAIL_PORT\", 25)\n\
             L = get_int_from_env(\"MAIL_SIZE\")\nM = envlist(\"MAIL_TO\", \"\")\nset_env(\"MAIL_NOT\")\nenvelope(\"MAIL_NOR\")\n\
             monkeypatch.setenv(\"I_J\", \"1\")\n@click.option(\"--key\", envvar=\"K\")\ndef run(): pass\n"
        ),
        [
            "A required", "B or 1", "C optional", "D set", "MAIL_HOST required", "MAIL_PORT or 25",
            "MAIL_SIZE unasked", "MAIL_TO optional", "K optional"
        ]
    );
}

#[test]
fn defaults_that_stand_elsewhere_or_without_a_name() {
    assert_eq!(
        python_uses(
            "import environ\nenv = environ.Env(DEBUG=(bool, False), NAME=(str, \"\"))\nA = env(\"DEBUG\")\nB = env(\"NAME\")\n\
             C = env(\"C\", str)\nD = env.int(\"D\", 5)\n"
        ),
        ["DEBUG or False", "NAME optional", "C required", "D or 5"]
    );
    assert_eq!(
        python_uses("from environs import Env\nenv = Env()\nA = env(\"A\", \"x\")\nB = env.list(\"B\")\n"),
        ["A or \"x\"", "B required"]
    );
    assert_eq!(python_uses("from decouple import config\nA = config(\"A\", \"x\")\n"), ["A or \"x\""]);
    assert_eq!(
        python_uses(
            "from starlette.config import Config\nconfig = Config()\nA = config(\"A\", cast=bool)\nB = config(\"B\", int)\n"
        ),
        ["A required", "B required"]
    );
}

#[test]
fn settings_with_several_names_and_unknown_prefixes() {
    assert_eq!(
        python_uses(
            "class Settings(BaseSettings, env_prefix=\"SHOP_\"):\n    \
             key: str = Field(validation_alias=AliasChoices(\"API_KEY\", \"OLD_KEY\"))\n    mail: MailSettings\n    port: int\n\
             class Other(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix=PREFIX)\n    host: str\n"
        ),
        ["API_KEY optional", "OLD_KEY optional", "SHOP_MAIL optional", "SHOP_PORT required"]
    );
}

#[test]
fn other_names_of_the_environment_in_typescript() {
    assert_eq!(
        typescript_uses(
            "import { A_KEY } from \"$env/static/private\";\nimport { env } from \"$env/dynamic/private\";\nconst b = env.B_URL;\n\
             const e = process.env as Env;\nconst c = e.C_URL ?? \"x\";\nconst { D_URL, E_URL = \"y\" } = process.env as Env;\n\
             const f = Deno.env.get(\"F_URL\");\nconst g = Bun.env.G_URL;\nconst h = requireEnv(\"H_URL\");\n\
             const i = getEnv(\"I_URL\", \"z\");\nconst l = env(\"L_URL\") || \"w\";\nif (!env(\"M_URL\")) {}\nsetEnv(\"NOT_READ\");\nconst { J_URL } = other;\nconst k = other.K_URL;\n"
        ),
        [
            "A_KEY required", "B_URL unasked", "C_URL or \"x\"", "D_URL unasked", "E_URL or \"y\"",
            "F_URL unasked", "G_URL unasked", "H_URL required", "I_URL or \"z\"", "L_URL or \"w\"",
            "M_URL optional"
        ]
    );
    assert_eq!(
        typescript_uses(
            "import env from \"env-var\";\nconst a = env.get(\"A_B\").required().asString();\nconst b = env.get(\"B_C\").default(\"5\").asInt();\n"
        ),
        ["A_B required", "B_C or \"5\""]
    );
    assert_eq!(
        typescript_uses(
            "const config = convict({ port: { format: \"port\", default: 80, env: \"WEB_PORT\" } });\n"
        ),
        ["WEB_PORT optional"]
    );
}

#[test]
fn of_a_long_module_only_some_statements_are_parsed() {
    let filler = "def nothing(a):\n    return [a,\n1]\n\n".repeat(200);
    let text = format!(
        "import os\nA = os.environ[\"A\"]\n{filler}TEXT = \"\"\"\nB = os.environ[\"IN_TEXT\"]\n\"\"\"\n{filler}\
         try:\n    C = os.environ[\"C\"]\nexcept KeyError:\n    C = os.getenv(\"C_OLD\", \"x\")\n{filler}# é\n@cached\n\
         def late():\n    return env_int(\"D_LATE\", 5)\n"
    );
    assert_eq!(python_uses(&text), ["A required", "C optional", "C_OLD or \"x\"", "D_LATE or 5"]);
    let found = python::uses(&text).unwrap();
    assert!(found.iter().all(|one| text[one.range.clone()] == one.name));
}
