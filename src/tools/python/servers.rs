//! Servers and workers of Python: where they listen, what they run, and how they are sent to the background.
//!
//! The facts are from <https://docs.gunicorn.org/en/stable/settings.html> (its arbiter tells systemd that it is ready),
//! <https://uvicorn.dev/settings/>, hypercorn(1), daphne(1),
//! <https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html>, `granian --help`, uwsgi(1) and
//! <https://uwsgi-docs.readthedocs.io/en/latest/Systemd.html>, celery(1), <https://python-rq.org/docs/workers/>, and
//! `--help` of dramatiq, huey_consumer, arq, saq, streamlit, fastapi and flask.

use crate::shell::argv::{Arg, Argv, Options};
use crate::tools::draft::{Draft, FILE, NEW};
use crate::tools::effect::{Again, Deed, Resource, Role};
use crate::tools::runners::{INTERPRETER, python_module};
use crate::tools::serves::served::{Gateway, Language, Serves, ServiceRole, Stays};
use crate::tools::serves::server::{Entry, GivesUp, Listen, SERVER, Server, ToBackground, daemon, values};

const PYTHON: Server = Server { language: Language::Python, runs_app: true, ..SERVER };
const APP: Server = Server { role: Some(ServiceRole::App), entry: Entry::Operand, ..PYTHON };
const WORKER: Server = Server {
    role: Some(ServiceRole::Worker),
    entry: Entry::Operand,
    listen: Listen { nowhere: true, ..SERVER.listen },
    ..PYTHON
};

/// Programs that serve a Python application or work for it.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        names: &["gunicorn"],
        gateway: Some(Gateway::Wsgi),
        flags: &[
            "--preload",
            "--daemon",
            "-D",
            "--reload",
            "--capture-output",
            "--check-config",
            "--print-config",
            "--spew",
            "--no-sendfile",
            "--reuse-port",
            "--initgroups",
            "--proxy-protocol",
            "-R",
            "--enable-stdio-inheritance",
            "--disable-redirect-access-to-syslog",
            "--log-syslog",
        ],
        listen: Listen { address: &["-b", "--bind"], ..SERVER.listen },
        settings: &["-c", "--config"],
        workers: &["-k", "--worker-class"],
        daemon: &[daemon(&["--daemon"]), daemon(&["-D"])],
        gives_up: GivesUp::With(&["-u", "--user"]),
        reads: Some(("gunicorn.conf.py", "GUNICORN_CMD_ARGS")),
        notifies: Some(true),
        ..APP
    },
    Server {
        names: &["uvicorn"],
        gateway: Some(Gateway::Asgi),
        flags: &[
            "--reload", "--proxy-headers", "--no-proxy-headers", "--server-header", "--no-server-header",
            "--date-header", "--no-date-header", "--access-log", "--no-access-log", "--use-colors",
            "--no-use-colors", "--factory", "--ws-per-message-deflate",
        ],
        listen: Listen {
            port: &["--port"],
            socket: &["--uds"],
            other: &["--fd"],
            default: Some(8000),
            ..SERVER.listen
        },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["hypercorn"],
        gateway: Some(Gateway::Asgi),
        flags: &["--debug", "--reload"],
        listen: Listen {
            address: &["-b", "--bind", "--insecure-bind"],
            other: &["--quic-bind"],
            default: Some(8000),
            ..SERVER.listen
        },
        settings: &["-c", "--config"],
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["daphne"],
        gateway: Some(Gateway::Asgi),
        flags: &["--proxy-headers", "--no-server-name"],
        listen: Listen {
            port: &["-p", "--port"],
            socket: &["-u", "--unix-socket"],
            other: &["--fd", "-e", "--endpoint"],
            default: Some(8000),
            ..SERVER.listen
        },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["granian"],
        gateway: Some(Gateway::Asgi),
        flags: &[
            "--reload", "--no-reload", "--ws", "--no-ws", "--factory", "--no-factory", "--access-log",
            "--no-access-log", "--log", "--no-log", "--respawn-failed-workers",
        ],
        listen: Listen { port: &["--port"], socket: &["--uds"], default: Some(8000), ..SERVER.listen },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["waitress-serve", "waitress"],
        gateway: Some(Gateway::Wsgi),
        flags: &["--call", "--expose-tracebacks", "--no-expose-tracebacks", "--ipv4", "--ipv6"],
        entry: Entry::NamedOrOperand(&["--app"]),
        listen: Listen {
            address: &["--listen"],
            port: &["--port"],
            socket: &["--unix-socket"],
            default: Some(8080),
            ..SERVER.listen
        },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["uwsgi"],
        gives_up: GivesUp::With(&["--uid"]),
        gateway: Some(Gateway::Wsgi),
        entry: Entry::Named(&["-w", "--module", "--wsgi"]),
        listen: Listen {
            address: &["--http", "--http-socket", "-s", "--socket", "--uwsgi-socket", "--https"],
            other: &["--emperor"],
            ..SERVER.listen
        },
        settings: &["--ini", "--yaml", "--yml", "--json", "--xml", "-x", "-y", "-j"],
        daemon: &[daemon(&["--daemonize"]), daemon(&["-d"])],
        notifies: Some(true),
        ..APP
    },
    Server {
        names: &["celery"],
        gives_up: GivesUp::With(&["--uid"]),
        verbs: &[
            ("worker", Some(ServiceRole::Worker)),
            ("beat", Some(ServiceRole::Scheduler)),
            ("flower", Some(ServiceRole::App)),
            ("multi", Some(ServiceRole::Worker)),
            ("events", None),
        ],
        role: None,
        entry: Entry::Named(&["-A", "--app"]),
        daemon: &[
            daemon(&["--detach"]),
            daemon(&["-D"]),
            ToBackground { words: &["multi", "start"], by: "celery multi", instead: None },
            ToBackground { words: &["multi", "restart"], by: "celery multi", instead: None },
        ],
        ends: &["multi"],
        ..WORKER
    },
    Server {
        names: &["rq"],
        verbs: &[
            ("worker", Some(ServiceRole::Worker)),
            ("worker-pool", Some(ServiceRole::Worker)),
            ("cron", Some(ServiceRole::Scheduler)),
        ],
        entry: Entry::Nothing,
        ends: &["-b", "--burst"],
        ..WORKER
    },
    Server { names: &["rqworker", "rqscheduler"], entry: Entry::Nothing, ..WORKER },
    Server {
        names: &["taskiq"],
        verbs: &[("worker", Some(ServiceRole::Worker)), ("scheduler", Some(ServiceRole::Scheduler))],
        role: None,
        flags: &[
            "-fsd", "--fs-discover", "--no-parse", "--no-propagate-errors", "-r", "--reload",
            "--do-not-use-gitignore", "--no-configure-logging", "--use-process-pool", "--skip-first-run",
        ],
        ..WORKER
    },
    Server {
        names: &["arq"],
        flags: &["--burst", "--no-burst", "--check", "-v", "--verbose"],
        ends: &["--burst", "--check"],
        ..WORKER
    },
    Server {
        names: &["saq"],
        flags: &["-v", "--verbose", "--web", "--check", "-q", "--quiet"],
        ends: &["--check"],
        ..WORKER
    },
    Server {
        names: &["dramatiq"],
        flags: &["--skip-logging", "--use-spawn", "--watch-use-polling", "-v", "--verbose"],
        ..WORKER
    },
    Server { names: &["huey_consumer", "huey_consumer.py"], ..WORKER },
    Server {
        names: &["streamlit"],
        verbs: &[("run", Some(ServiceRole::App))],
        listen: Listen { port: &["--server.port"], default: Some(8501), ..SERVER.listen },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["fastapi"],
        verbs: &[("run", Some(ServiceRole::App)), ("dev", Some(ServiceRole::App))],
        flags: &["--reload", "--no-reload", "--proxy-headers", "--no-proxy-headers"],
        listen: Listen { port: &["--port"], default: Some(8000), ..SERVER.listen },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["flask"],
        verbs: &[("run", Some(ServiceRole::App))],
        entry: Entry::Named(&["-A", "--app"]),
        listen: Listen { port: &["-p", "--port"], default: Some(5000), ..SERVER.listen },
        notifies: Some(false),
        ..APP
    },
    Server {
        names: &["chainlit", "gradio", "mlflow", "jupyter"],
        entry: Entry::Nothing,
        role: Some(ServiceRole::App),
        ..PYTHON
    },
];

/// The server that is usually used for an application of that kind.
pub(crate) fn usual_server(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Wsgi => "gunicorn",
        Gateway::Asgi => "uvicorn",
    }
}

/// How options change the interface between a server and the application.
pub(crate) fn refine(serves: &mut Serves) {
    let interface = || values(&serves.argv, &["--interface"]).pop().map(|value| value.to_string());
    match serves.argv.name.as_str() {
        // uvicorn's and hypercorn's workers speak ASGI.
        "gunicorn" => {
            let asgi =
                |class: &String| class.contains("vicorn") || class.contains("ypercorn") || class == "asgi";
            if serves.worker_class.as_ref().is_some_and(asgi) {
                serves.gateway = Some(Gateway::Asgi);
            }
        }
        "uvicorn" if interface().is_some_and(|interface| interface.contains("wsgi")) => {
            serves.gateway = Some(Gateway::Wsgi);
        }
        // Its own interface is RSGI.
        "granian" => {
            serves.gateway = match interface().as_deref() {
                Some("asgi" | "asginl") => Some(Gateway::Asgi),
                Some("wsgi") => Some(Gateway::Wsgi),
                _ => None,
            };
        }
        // It detects the application's interface by itself.
        "hypercorn" => serves.gateway = None,
        "uwsgi" => {
            let settings = |arg: &Arg| {
                let text = arg.value.known_suffix();
                [".ini", ".xml", ".yaml", ".yml", ".json"].iter().any(|end| text.ends_with(end))
            };
            if serves.argv.args.iter().any(settings) {
                serves.configured = true;
                serves.listens = None;
                if serves.stays == (Stays::Foreground { sure: true }) {
                    serves.stays = Stays::Foreground { sure: false };
                }
            }
        }
        _ => {}
    }
}

/// A script or a module of the project after the interpreter, and Django's manage.py.
pub(crate) fn serves(argv: &Argv) -> Option<Serves> {
    if argv.name == "manage.py" || argv.name == "django-admin" {
        return Some(django(argv));
    }
    if argv.name != "python" && argv.name != "pypy" {
        return None;
    }
    let options = argv.leading_options(INTERPRETER);
    let module = python_module(argv);
    let script = argv.shifted(options.first_operand).filter(|_| !options.has("c"));
    if let Some(script) = script.filter(|script| script.name == "manage.py" && module.is_none()) {
        return Some(Serves { argv: argv.clone(), ..django(&script) });
    }
    let entry = match &module {
        Some(module) => Some(module.program.value.to_string()),
        None => argv.args.get(options.first_operand).map(|arg| arg.value.to_string()),
    };
    Some(Serves { language: Language::Python, entry, runs_app: true, ..Serves::unknown(argv.clone()) })
}

/// manage.py: Django's own server, and the workers of django-q, django-rq and similar packages.
fn django(argv: &Argv) -> Serves {
    let verb = argv.args.iter().find_map(|arg| arg.value.as_literal().filter(|w| !w.starts_with('-')));
    let (role, stays) = match verb {
        Some("runserver" | "runserver_plus") => (Some(ServiceRole::App), Stays::Foreground { sure: true }),
        Some("rqworker" | "qcluster" | "db_worker" | "process_tasks" | "run_huey" | "rundramatiq") => {
            (Some(ServiceRole::Worker), Stays::Foreground { sure: true })
        }
        Some("rqscheduler" | "crontab") => (Some(ServiceRole::Scheduler), Stays::Unknown),
        _ => (None, Stays::Unknown),
    };
    Serves {
        language: Language::Python,
        role,
        stays,
        entry: Some("manage.py".to_owned()),
        runs_app: true,
        ..Serves::unknown(argv.clone())
    }
}

/// True if a server or a runner is told where the code is: gunicorn, uWSGI (`--chdir`, `--pythonpath`), uvicorn
/// (`--app-dir`), celery (`--workdir`), granian (`--working-dir`), uv (`--directory`, `--project`), poetry, pdm and env(1)
/// (`-C`).
pub(crate) fn names_its_directory(args: &[String]) -> bool {
    let options = [
        "--chdir", "--pythonpath", "--app-dir", "--workdir", "--working-dir", "--directory", "--project",
        "-C",
    ];
    args.iter().any(|word| options.contains(&word.split('=').next().unwrap_or(word)))
}

/// gunicorn(1), uvicorn, hypercorn, daphne, waitress, uwsgi(1) and celery(1) serve. If a daemon is started a second time,
/// its port or its pid file is taken.
pub(crate) fn server(argv: &Argv) -> Deed {
    let options: Options<'_> = argv.options(
        "D|daemon b|bind: p|pid|pidfile: w|workers: k|worker-class: c|config: t|timeout: chdir: A|app: l|loglevel: \
         f|logfile: access-logfile: error-logfile: threads: host: port: u|user: g|group: n|name: e|env: detach \
         daemonize: Q|queues: concurrency: s|schedule: ini: socket: log-level: umask: max-requests:",
    );
    let serving = crate::tools::serves::server(&argv.name).is_some_and(|server| server.is_serving(argv));
    if !serving || argv.has_word("--check-config") || argv.has_word("--version") {
        return Deed::read_only();
    }
    let mut draft = Draft::of(argv);
    draft.role(Role::Serve);
    if options.has("D") || options.has("detach") || options.has("daemonize") {
        let again = Again::Fails("the process of the first run holds the port or the pid file");
        match options.value("p").filter(|_| argv.name != "uwsgi") {
            Some(pid) => draft.value_path(pid, FILE, again),
            None => draft.add_implied(NEW, Resource::Process(argv.program.value.basename()), again),
        }
    }
    draft.done()
}

#[test]
fn servers_serve() {
    crate::tools::table::check(&[
        ("gunicorn -w 4 app:app", "[Serve]"),
        ("gunicorn --daemon --pid /run/x.pid app", "create file /run/x.pid fails [Serve]"),
        ("uvicorn main:app --port 80", "[Serve]"),
        ("celery -A x worker", "[Serve]"),
        ("celery -A x inspect ping", "[ReadOnly]"),
        ("granian --interface asgi main:app", "[Serve]"),
        ("rq worker high", "[Serve]"),
        ("rq info", "[ReadOnly]"),
        ("streamlit run app.py", "[Serve]"),
    ]);
}
