//! The closed lists of words that predicates take. Each word has a bit of its own among the features of a command.

/// Which names would be right in place of an unknown one. If there are many, it is the closest one and where the list is.
pub(super) fn known(name: &str, names: &[impl AsRef<str>]) -> String {
    const SHORT: usize = 150;
    let names = names.iter().map(AsRef::as_ref);
    let all = names.clone().collect::<Vec<&str>>().join(", ");
    if all.len() <= SHORT {
        return format!("known are {all}");
    }
    let bare = |name: &str| name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let scored = names.map(|known| (strsim::jaro_winkler(&bare(name), &bare(known)), known));
    match scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(score, _)| *score >= 0.8) {
        Some((_, closest)) => format!("did you mean {closest}? queries/README.md lists all"),
        None => "queries/README.md lists all that are known".to_owned(),
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident from $first:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every word with what it stands for.
            pub(crate) const ALL: &[(&str, Self)] = &[$(($word, Self::$variant),)*];
        }

        impl Word for $name {
            const ALL: &[(&str, Self)] = Self::ALL;

            fn bit(self) -> u32 {
                $first + self as u32
            }
        }
    };
}

/// A closed list of words.
pub(crate) trait Word: Copy + 'static {
    /// Every word with what it stands for.
    const ALL: &[(&str, Self)];

    /// The bit of [`Features`] that stands for it.
    fn bit(self) -> u32;
}

words! {
    /// What a command does when the script runs a second time.
    SecondRun from 0 {
        /// It ends with an error.
        Fails = "fails",
        /// It adds a second one.
        Duplicates = "duplicates",
        /// It throws away what was there.
        Overwrites = "overwrites",
        /// It removes what is needed.
        Destroys = "destroys",
        /// It acts inside what the first run made.
        Nests = "nests",
        /// It waits for an answer.
        Prompts = "prompts",
        /// It does the same work again, with the same result.
        Repeats = "repeats",
        /// It leaves everything as it is.
        NoChange = "no-change",
        /// A guard keeps it from running.
        Skipped = "skipped",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// A change of a resource.
    ChangeWord from 16 {
        /// It comes to exist.
        Create = "create",
        /// It is gone afterwards.
        Remove = "remove",
        /// Its content is replaced.
        Write = "write",
        /// Something is added to it.
        Append = "append",
        /// Its content is edited in place.
        Edit = "edit",
        /// Its owner is set.
        Own = "own",
        /// Its mode is set.
        Mode = "mode",
        /// It is started.
        Start = "start",
        /// It is restarted or reloaded.
        Restart = "restart",
        /// It is stopped.
        Stop = "stop",
        /// It is enabled at boot.
        Enable = "enable",
    }
}

words! {
    /// A kind of resource.
    ResourceWord from 128 {
        /// A file, directory or link.
        Path = "path",
        /// A user account.
        User = "user",
        Group = "group",
        /// A systemd unit or sysv service.
        Unit = "unit",
        /// A program that can be called by name.
        Program = "program",
        /// A package of the system.
        Package = "package",
        Database = "database",
        /// A role of a database.
        Role = "role",
        /// An object inside a database.
        Table = "table",
        /// Lines of a file.
        Line = "line",
        /// The crontab of a user.
        Crontab = "crontab",
        Container = "container",
        /// A container network.
        Network = "network",
        /// A container volume.
        Volume = "volume",
        /// A git remote.
        Remote = "remote",
        /// A process of a manager other than systemd.
        Process = "process",
        /// A rule of the packet filter.
        FirewallRule = "firewall-rule",
        /// A branch of git.
        Branch = "branch",
        /// A tag of git.
        Tag = "tag",
        /// A commit of git.
        Commit = "commit",
        /// A key of a file of settings.
        Setting = "setting",
        /// A mount, by its directory.
        Mount = "mount",
        /// Swap space in use.
        Swap = "swap",
        /// A file system on a device.
        FileSystem = "file-system",
        /// All rows of the app's database.
        Data = "data",
        /// Rows of a table or a fixture.
        Rows = "rows",
        /// All keys of Redis.
        Keys = "keys",
        RedisKey = "redis-key",
        /// A superuser of the app.
        Superuser = "superuser",
        /// An installation of WordPress.
        Wordpress = "wordpress",
        WordpressUser = "wordpress-user",
        WordpressPost = "wordpress-post",
        RabbitmqUser = "rabbitmq-user",
        SelinuxRule = "selinux-rule",
        /// The rules of ufw.
        Ufw = "ufw",
        /// All rules of the packet filter, or a table of it.
        Firewall = "firewall",
        /// An address, a route or an interface.
        NetworkSetting = "network-setting",
        /// That an account is in a group.
        Membership = "membership",
        /// The password of an account.
        Password = "password",
        Certificate = "certificate",
        /// A file that is saved beside one of the same name.
        Download = "download",
        /// Files that no operand names.
        Files = "files",
        Pod = "pod",
        /// A secret of a container manager.
        Secret = "secret",
        /// A configuration of a container manager.
        Config = "config",
        Swarm = "swarm",
        SwarmService = "swarm-service",
        /// That a container is in a network.
        Attachment = "network-attachment",
        /// A context of docker.
        Context = "context",
        /// The volumes of a Compose project.
        Volumes = "volumes",
    }
}

words! {
    /// What a command is for in a deployment.
    RoleWord from 192 {
        /// Installs packages of the system.
        SystemPackages = "system-packages",
        /// Installs the app's own dependencies.
        Dependencies = "dependencies",
        /// Installs a tool for the whole machine.
        GlobalTool = "global-tool",
        /// Makes a virtual environment.
        VirtualEnv = "virtual-env",
        Build = "build",
        /// Gathers static files.
        StaticFiles = "static-files",
        /// Writes the caches of a framework.
        Cache = "cache",
        /// Migrates the database.
        Migrate = "migrate",
        /// Loads data into the database.
        Seed = "seed",
        /// Brings the app's source.
        Source = "source",
        /// Creates an account.
        Account = "account",
        /// Makes systemd read its units again.
        DaemonReload = "daemon-reload",
        /// Enables a unit.
        Enable = "enable",
        /// Starts, restarts or reloads a service.
        Restart = "restart",
        /// Runs all of compose.
        ComposeUp = "compose-up",
        Serve = "serve",
        /// Makes a tree of the app's source where none was.
        Clone = "clone",
        /// Gives paths to others.
        Owner = "owner",
        /// Sets modes.
        Mode = "mode",
        /// Brings what is not on this machine.
        Fetch = "fetch",
        /// Brings files to another machine.
        Send = "send",
        /// Takes files out of an archive.
        Unpack = "unpack",
        /// Tells processes to end or to start anew.
        Signal = "signal",
        /// Stops the machine, or starts it anew.
        Reboot = "reboot",
        /// Sets a server up by what another file says.
        Provision = "provision",
        /// Only reads or prints.
        ReadOnly = "read-only",
    }
}

words! {
    /// Who runs a command.
    RunsAs from 88 {
        Root = "root",
        /// The account of the app.
        App = "app",
        /// Another account.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a command runs.
    Place from 92 {
        /// On the machine that runs the script.
        Here = "here",
        /// On another, through ssh.
        Remote = "remote",
        /// In a container.
        Container = "container",
    }
}

words! {
    /// What follows when a command fails.
    OnFailure from 96 {
        /// The script ends.
        Aborts = "aborts",
        /// The script goes on as if nothing had happened.
        Continues = "continues",
        /// The failure is expected.
        Handled = "handled",
    }
}

words! {
    /// Whose program a command is.
    EcosystemWord from 100 {
        /// pip, uv, Django, Alembic.
        Python = "python",
        /// npm, pnpm, yarn, bun.
        Node = "node",
        /// bundle, Rails.
        Ruby = "ruby",
        /// composer, artisan.
        Php = "php",
        /// docker, podman, and their Compose.
        Container = "container",
    }
}

words! {
    /// Who asks for an answer.
    Asker from 105 {
        /// The script, by `read`.
        Script = "script",
        Program = "program",
    }
}

words! {
    /// Work that a deploy has to do.
    WorkWord from 116 {
        /// Installs what requirements.txt and its like name.
        PythonDependencies = "python-dependencies",
        /// Installs what package.json names.
        NodeDependencies = "node-dependencies",
        /// Installs what a Gemfile names.
        RubyDependencies = "ruby-dependencies",
        /// Installs what composer.json names.
        PhpDependencies = "php-dependencies",
        /// Makes a virtual environment.
        VirtualEnv = "virtual-env",
        /// Builds a package of npm and its like.
        Build = "build",
        /// Brings the database up to date.
        Migrate = "migrate",
        /// Gathers static files.
        StaticFiles = "static-files",
    }
}

words! {
    /// How a command lets everybody read a secret.
    ExposureWord from 124 {
        /// It makes the file, with such a mode.
        New = "new",
        /// It sets such a mode on a file of the script.
        Opened = "opened",
        /// It sets such a mode on a tree in which an environment file stands.
        Standing = "standing",
    }
}

words! {
    /// What a project can need of its deploy.
    Need from 224 {
        /// A tool migrates the database, and the app does not do it itself.
        Migrations = "migrations",
        /// A unit runs the programs of a virtual environment, and no step works as if it were there already.
        VirtualEnv = "virtual-env",
        /// A manifest declares Python packages that the deploy's processes need.
        PythonDependencies = "python-dependencies",
        /// A `package.json` declares packages that the deploy's processes or builds need.
        NodeDependencies = "node-dependencies",
        /// A `Gemfile` declares what the deploy's processes need.
        RubyDependencies = "ruby-dependencies",
        /// A `composer.json` declares what the deploy's processes need.
        PhpDependencies = "php-dependencies",
        /// The deploy serves the output of a package's build.
        Build = "build",
        /// The deploy runs or installs a program from where its compiler puts it.
        Program = "program",
        /// The deploy serves files from where Django gathers them.
        StaticFiles = "static-files",
    }
}

words! {
    /// What a command does to a unit.
    Drive from 240 {
        /// Starts it; a running one goes on as it is.
        Start = "start",
        /// Ends a running one and starts it.
        Restart = "restart",
        /// Ends it.
        Stop = "stop",
        /// Has the boot start it.
        Enable = "enable",
    }
}

impl Drive {
    /// The change that it makes to a unit.
    pub(super) fn change(self) -> ChangeWord {
        match self {
            Drive::Start => ChangeWord::Start,
            Drive::Restart => ChangeWord::Restart,
            Drive::Stop => ChangeWord::Stop,
            Drive::Enable => ChangeWord::Enable,
        }
    }
}

words! {
    /// What is true of a unit in its deploy.
    UnitWord from 244 {
        /// A step starts it.
        Started = "started",
        /// A step restarts it.
        Restarted = "restarted",
        /// A step stops it.
        Stopped = "stopped",
        /// A step, a link, what is called or printed, or another script enables it, or may.
        Enabled = "enabled",
        /// What is called or printed, another script or a reboot may start it.
        StartedElsewhere = "started-elsewhere",
        /// A timer, a socket, another unit or the boot starts it, or it is a template.
        OnDemand = "on-demand",
        /// A later step removes its file.
        Removed = "removed",
        /// `[Install]` says what enabling does.
        Installable = "installable",
        /// It is no service, or one that ends by itself.
        OneShot = "one-shot",
        /// It ends by itself and leaves nothing running.
        Transient = "transient",
        /// The command is the deploy's first start of it, and a running one keeps its old code or its old text.
        LeftRunning = "left-running",
    }
}

words! {
    /// What a command does in the first run on a new server.
    FirstRunWord from 288 {
        /// It exits non-zero.
        Fails = "fails",
        /// Nothing that it needs is missing.
        Fine = "fine",
        /// A guard is not met.
        Skipped = "skipped",
        /// A command before it fails and ends the script. What the command itself would do is another of these words.
        NotReached = "not-reached",
        /// It is not known what it does.
        Unknown = "unknown",
    }
}

words! {
    /// What a command opens to every account.
    OpenedWord from 256 {
        /// A socket through which a daemon takes orders as root.
        ControlSocket = "control-socket",
        /// A file with secrets.
        Secrets = "secrets",
        /// A socket whose daemon checks the caller, or what lies in /tmp and does not stay for long.
        Passing = "passing",
        /// Anything else.
        Lasting = "lasting",
    }
}
