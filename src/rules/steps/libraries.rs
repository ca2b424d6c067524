//! `steps/missing-library`: a Python package that needs a library of the system to be built or to run, and a script
//! that installs packages of the system, and not that one.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::is_here;
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::model::Step;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::source::Span;
use crate::tools::effect::{Change, Ecosystem, Resource, Role};

const RULE: RuleId = id::STEPS_MISSING_LIBRARY;

/// What a package needs of the system.
struct Need {
    /// The package, as PEP 503 has its name.
    package: &'static str,
    /// Debian's package that has it.
    library: &'static str,
    /// Parts of the names of packages that have it or bring it along, of other distributions too.
    others: &'static [&'static str],
    /// An extra with which it brings its own.
    unless: &'static str,
    /// What happens without.
    without: &'static str,
}

/// Said by the page that is named. Tried besides, with the newest release in a fresh environment on Debian 12 without the
/// library: mysqlclient, python-ldap, pyaudio, pdf2image, pytesseract and pydub fail with these words.
const NEEDS: &[Need] = &[
    // https://www.psycopg.org/docs/install.html#build-prerequisites; only psycopg2-binary has wheels for Linux.
    Need {
        package: "psycopg2",
        library: "libpq-dev",
        others: &[
            "libpq-devel",
            "postgresql-devel",
            "postgresql-server-dev",
            "libgdal-dev",
            "python3-psycopg2",
            "postgresql-dev",
        ],
        unless: "binary",
        without: "it is built from source and stops: pg_config executable not found",
    },
    // https://www.psycopg.org/psycopg3/docs/basic/install.html#pure-python-installation
    Need {
        package: "psycopg",
        library: "libpq5",
        others: &["libpq", "postgres", "postgis", "libgdal", "python3-psycopg"],
        unless: "binary",
        without: "it stops at its import: no pq wrapper available",
    },
    // https://github.com/PyMySQL/mysqlclient#linux: no wheels for Linux.
    Need {
        package: "mysqlclient",
        library: "default-libmysqlclient-dev",
        others: &[
            "libmysqlclient-dev",
            "libmariadb",
            "mysql-devel",
            "mariadb-devel",
            "mariadb-connector-c",
            "python3-mysqldb",
        ],
        unless: "",
        without: "it is built from source and stops: it finds neither mysqlclient nor mariadb by pkg-config",
    },
    // https://www.python-ldap.org/en/latest/installing.html#build-prerequisites: no wheels.
    Need {
        package: "python-ldap",
        library: "libldap2-dev",
        others: &["libldap-dev", "openldap-devel", "python3-ldap"],
        unless: "",
        without: "it is built from source and stops: lber.h is missing",
    },
    // https://doc.courtbouillon.org/weasyprint/stable/first_steps.html#linux
    Need {
        package: "weasyprint",
        library: "libpango-1.0-0",
        others: &[
            "pango",
            "weasyprint",
            "chromium",
            "google-chrome",
            "wkhtmltopdf",
            "libgtk",
            "imagemagick",
            "graphviz",
            "librsvg",
            "inkscape",
            "libreoffice",
        ],
        unless: "",
        without: "it stops at its import: cannot load library 'libpango-1.0-0'",
    },
    // https://pypi.org/project/pdf2image/: "Linux: apt-get install poppler-utils".
    Need {
        package: "pdf2image",
        library: "poppler-utils",
        others: &["poppler"],
        unless: "",
        without: "each call fails: Unable to get page count. Is poppler installed and in PATH?",
    },
    // https://pypi.org/project/pytesseract/: "Prerequisites: Install Google Tesseract OCR".
    Need {
        package: "pytesseract",
        library: "tesseract-ocr",
        others: &["tesseract"],
        unless: "",
        without: "each call fails: tesseract is not installed or it's not in your PATH",
    },
    // https://github.com/jiaaro/pydub#dependencies: other formats than WAV.
    Need {
        package: "pydub",
        library: "ffmpeg",
        others: &["ffmpeg", "libav-tools"],
        unless: "",
        without: "anything but WAV fails: ffmpeg is not found",
    },
    // Its Qt is linked against libGL.so.1 (readelf of the wheel, 4.x); opencv-python-headless has none.
    Need {
        package: "opencv-python",
        library: "libgl1",
        others: &[
            "libgl",
            "mesa",
            "ffmpeg",
            "opencv",
            "chromium",
            "google-chrome",
            "libgtk",
            "xorg",
            "xvfb",
            "libreoffice",
        ],
        unless: "",
        without: "it stops at its import: libGL.so.1: cannot open shared object file",
    },
    // https://pypi.org/project/PyAudio/: "sudo apt-get install python3-pyaudio" or portaudio19-dev; no wheels for Linux.
    Need {
        package: "pyaudio",
        library: "portaudio19-dev",
        others: &["portaudio", "pyaudio"],
        unless: "",
        without: "it is built from source and stops: portaudio.h is missing",
    },
];

/// `steps/missing-library`.
pub(super) fn missing_library(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    if deploy.in_containers() || deploy.may_do_anything() || !deploy.is_from_scratch() {
        return;
    }
    let mut packages: Vec<&str> = Vec::new();
    let mut place: Option<Span> = None;
    let mut most = 0;
    let mut fills = false;
    for step in deploy.steps().filter(|step| is_here(step)) {
        fills |= step.deed.roles.contains(&Role::Dependencies(Ecosystem::Python)) && !is_by_name(step);
        let mut installs = 0;
        for effect in &step.deed.effects {
            if let (Change::Create(_), Resource::Package(name)) = (&effect.change, &effect.resource) {
                // A name that is not known may be any.
                let Some(name) = name.as_literal() else { return };
                packages.push(name);
                installs += 1;
            }
        }
        // Where most of them are installed, one more would stand.
        if installs > most {
            (most, place) = (installs, Some(step.span));
        }
    }
    // Who installs a tool or two leaves the rest to whoever made the server.
    let (Some(place), true) = (place, fills && packages.len() >= MANY) else { return };
    let manifests = deploy.world.project.needs.python.iter().filter(|m| !is_beside(&m.directory));
    for need in NEEDS {
        let mut declared = manifests.clone().flat_map(|m| &m.dependencies).filter(|d| d.name == need.package);
        let plain = declared.find(|d| {
            d.group.is_none()
                && (need.unless.is_empty()
                    || d.extras.iter().all(|extra| extra != need.unless && extra != "c"))
        });
        let Some(plain) = plain else { continue };
        let has = |part: &str| {
            packages.iter().any(|package| package.contains(part)) || deploy.called_mentions(part)
        };
        let binary = format!("{}-binary", need.package);
        let beside = manifests.clone().flat_map(|m| &m.dependencies).any(|d| d.name == binary);
        if has(need.library) || need.others.iter().any(|part| has(part)) || beside {
            continue;
        }
        let file = deploy.world.sources.file(plain.span.file).path();
        let message = format!(
            "{file} names {}, which needs {} of the system, and no step installs that: {}",
            need.package, need.library, need.without
        );
        let help = format!("add `{}` to what is installed here", need.library);
        let draft = deploy.world.finding(RULE, place, message).help(help);
        found.push(draft.related(plain.span, "what needs it").done());
    }
}

/// `pip install certbot`: what the app declares is not installed by that.
fn is_by_name(step: &Step) -> bool {
    let pip = step.argv.name.starts_with("pip") || step.argv.name.starts_with("python");
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=<>~![]".contains(&b));
    pip && step.argv.args.iter().all(|arg| {
        let text = arg.value.as_literal();
        text.is_some_and(|text| {
            plain(text) && !text.starts_with('.') && !text.starts_with("-r") && text != "-e"
        })
    })
}

/// So many packages of the system say that the script makes the server ready.
const MANY: usize = 3;
