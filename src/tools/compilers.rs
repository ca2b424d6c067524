//! Compilers and build tools that put programs where nothing else puts a file: what their output is called, and which
//! command makes it. Sources: the manuals of Cargo ("Build Cache"), Maven ("Introduction to the Standard Directory Layout"),
//! Gradle ("Java Plugin", layout), the .NET CLI (`dotnet publish`, "Output folder") and Mix (`mix help release`).

use crate::shell::argv::Argv;
use crate::tools::effect::{Deed, Ecosystem, Role};

/// A program that makes programs.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// Its names, and those of its wrappers.
    names: &'static [&'static str],
    /// Parts of the paths of what it makes.
    outputs: &'static [&'static str],
    /// The endings of what it makes; none for any.
    endings: &'static [&'static str],
    /// The word without which it makes something else; empty for none.
    verb: &'static str,
    /// The ends of the names of the files that tell it what to make.
    manifests: &'static [&'static str],
    /// Beginnings of the names of packages that bring it.
    packages: &'static [&'static str],
    /// Whose code it builds.
    pub(crate) ecosystem: Ecosystem,
    /// What to run.
    pub(crate) command: &'static str,
}

const COMPILERS: [Compiler; 5] = [
    Compiler {
        names: &["cargo", "cross"],
        outputs: &["target/release/"],
        endings: &[],
        verb: "",
        manifests: &["Cargo.toml"],
        packages: &["cargo", "rustc", "rustup"],
        ecosystem: Ecosystem::Rust,
        command: "cargo build --release --locked",
    },
    Compiler {
        names: &["mvn", "mvnw"],
        outputs: &["target/"],
        endings: &[".jar", ".war"],
        verb: "",
        manifests: &["pom.xml"],
        packages: &["maven"],
        ecosystem: Ecosystem::Jvm,
        command: "mvn -B package",
    },
    Compiler {
        names: &["gradle", "gradlew"],
        outputs: &["build/libs/"],
        endings: &[".jar", ".war"],
        verb: "",
        manifests: &["build.gradle", "build.gradle.kts"],
        packages: &["gradle"],
        ecosystem: Ecosystem::Jvm,
        command: "./gradlew build",
    },
    Compiler {
        names: &["dotnet"],
        outputs: &["bin/Release/"],
        endings: &[],
        verb: "",
        manifests: &[".csproj", ".fsproj", ".sln"],
        packages: &["dotnet-sdk"],
        ecosystem: Ecosystem::DotNet,
        command: "dotnet publish -c Release",
    },
    Compiler {
        names: &["mix"],
        outputs: &["_build/prod/rel/"],
        endings: &[],
        verb: "release",
        manifests: &["mix.exs"],
        packages: &["elixir"],
        ecosystem: Ecosystem::Other,
        command: "MIX_ENV=prod mix release",
    },
];

/// The compiler that puts its programs at such a path.
pub(crate) fn compiler_of(path: &str) -> Option<&'static Compiler> {
    COMPILERS.iter().find(|compiler| {
        let is_inside = compiler
            .outputs
            .iter()
            .any(|output| path.match_indices(output).any(|(at, _)| at == 0 || path[..at].ends_with('/')));
        is_inside && (compiler.endings.is_empty() || compiler.endings.iter().any(|end| path.ends_with(end)))
    })
}

impl Compiler {
    /// True for a file that tells it what to make, by its name.
    pub(crate) fn reads(&self, name: &str) -> bool {
        self.manifests.iter().any(|manifest| match manifest.starts_with('.') {
            true => name.ends_with(manifest),
            false => name == *manifest,
        })
    }

    /// True if the package brings it.
    pub(crate) fn comes_with(&self, package: &str) -> bool {
        self.packages.iter().any(|start| package.starts_with(start))
    }

    /// True if the command makes a program, or may do so.
    pub(crate) fn is_run_by(&self, argv: &Argv, deed: &Deed) -> bool {
        let is_it = self.names.contains(&argv.name.as_str());
        let builds = deed.roles.iter().any(|role| match role {
            Role::Build(of) => *of == self.ecosystem,
            Role::GlobalTool(of) => *of == self.ecosystem && *of == Ecosystem::Rust,
            _ => false,
        });
        match self.verb {
            "" => is_it || builds,
            verb => is_it && argv.has_word(verb),
        }
    }

    /// True if a text runs it or tells people to.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        self.names.iter().any(|name| {
            text.match_indices(name).any(|(at, _)| {
                let (before, after) = (&text[..at], &text[at + name.len()..]);
                !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-') && after.starts_with(' ')
            })
        })
    }
}

#[test]
fn outputs_show_their_compiler() {
    let command = |path: &str| compiler_of(path).map(|compiler| compiler.command);
    assert_eq!(command("/opt/shop/target/release/shop"), Some("cargo build --release --locked"));
    assert_eq!(command("target/shop-1.0.jar"), Some("mvn -B package"));
    assert_eq!(command("target/shop.txt"), None);
    assert_eq!(command("mytarget/shop.jar"), None);
    assert_eq!(command("$REPO/app/build/libs/app.jar"), Some("./gradlew build"));
    assert_eq!(command("/srv/_build/prod/rel/shop/"), Some("MIX_ENV=prod mix release"));
    let runs = |line: &str| {
        let argv = crate::shell::argv::tests::argv(line);
        compiler_of("_build/prod/rel/shop/").unwrap().is_run_by(&argv, &crate::tools::deed(&argv))
    };
    assert!(runs("mix release --overwrite") && !runs("mix compile"));
}
