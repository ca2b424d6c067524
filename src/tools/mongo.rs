//! mongosh(1): `db.dropDatabase()` and `db.createUser()`; nothing else of its code is read.

use crate::shell::argv::{Argv, Stdin};
use crate::shell::value::Value;
use crate::tools::draft::{Draft, NEW};
use crate::tools::effect::{Again, Deed, Resource};
use regex::Regex;
use std::sync::LazyLock;

/// A call that makes a user, with the user's name.
static CREATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"createUser\(\s*\{\s*["']?user["']?\s*:\s*["']([^"']+)["']"#).ok());

/// Calls and words of code that looks first, or that goes on where the user is there.
const LOOKS: [&str; 6] = ["getUser(", "getUsers(", "usersInfo", "system.users", "dropUser(", "catch"];

/// mongosh ends with 1 if a call throws: "User already exists" (code 51003).
pub(super) fn mongo(argv: &Argv) -> Deed {
    let texts: Vec<&Value> = match &argv.stdin {
        Stdin::Text(text) => argv.args.iter().map(|arg| &arg.value).chain([text]).collect(),
        _ => argv.args.iter().map(|arg| &arg.value).collect(),
    };
    let shown: Vec<String> = texts.into_iter().map(Value::to_string).collect();
    let drops = shown.iter().any(|text| text.to_ascii_lowercase().contains("dropdatabase()"));
    let looks = shown.iter().any(|text| LOOKS.iter().any(|words| text.contains(words)));
    let made = shown.iter().find_map(|text| Some(CREATE.as_ref()?.captures(text)?[1].to_owned()));
    let made = made.filter(|_| !looks && !drops);
    if !drops && made.is_none() {
        return Deed::default();
    }
    let mut draft = Draft::of(argv);
    if drops {
        draft.loses_data();
    }
    if let Some(name) = made {
        let again = Again::Fails("MongoServerError: User already exists");
        draft.add_implied(NEW, Resource::Role(Value::literal(&name)), again);
    }
    draft.done()
}

#[test]
fn code_of_mongosh() {
    crate::tools::table::check(&[
        ("mongosh shop --eval 'db.dropDatabase()'", "remove data /srv/app"),
        (
            "mongosh shop --eval 'db.createUser({user: \"shop\", pwd: \"x\", roles: []})'",
            "create role shop fails",
        ),
        ("mongosh shop --eval 'if (!db.getUser(\"shop\")) db.createUser({user: \"shop\"})'", "unknown"),
        ("mongosh shop --eval 'db.orders.find()'", "unknown"),
    ]);
}
