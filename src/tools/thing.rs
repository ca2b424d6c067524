//! Kinds of things that commands change and that have no variant of their own in [`super::effect::Resource`].

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Thing {
    /// A branch of git.
    Branch,
    /// A tag of git.
    Tag,
    /// A commit of git.
    Commit,
    /// A key of a file of settings.
    Setting,
    /// A mount, by its directory.
    Mount,
    /// Swap space in use.
    Swap,
    /// A file system on a device.
    FileSystem,
    /// All rows of the app's database.
    Data,
    /// Rows of a table or a fixture.
    Rows,
    /// All keys of Redis.
    Keys,
    /// A key of Redis.
    RedisKey,
    /// A superuser of the app.
    Superuser,
    /// An installation of WordPress.
    Wordpress,
    /// A user of WordPress.
    WordpressUser,
    /// A post of WordPress.
    WordpressPost,
    /// A user of RabbitMQ.
    RabbitmqUser,
    /// A rule of SELinux.
    SelinuxRule,
    /// The rules of ufw.
    Ufw,
    /// All rules of the packet filter, or a table of it.
    Firewall,
    /// An address, a route or an interface.
    NetworkSetting,
    /// The membership of an account in a group.
    Membership,
    /// The password of an account.
    Password,
    /// A certificate.
    Certificate,
    /// A file that is saved beside one of the same name.
    Download,
    /// Files that no operand names.
    Files,
    /// A pod.
    Pod,
    /// A secret of a container manager.
    Secret,
    /// A configuration of a container manager.
    Config,
    /// A swarm.
    Swarm,
    /// A service of a swarm.
    SwarmService,
    /// The place of a container in a network: `NETWORK/CONTAINER`.
    Attachment,
    /// A context of docker.
    Context,
    /// Volumes that are removed without a name: those of a Compose project, or those that no container uses.
    Volumes,
    /// A container that is gone as soon as it stops. Only the timeline asks for it.
    FreedContainer,
    /// What a link leads to. Only the second run asks for it.
    LinkTarget,
}

impl Thing {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: &[Thing] = &[
        Thing::Branch,
        Thing::Tag,
        Thing::Commit,
        Thing::Setting,
        Thing::Mount,
        Thing::Swap,
        Thing::FileSystem,
        Thing::Data,
        Thing::Rows,
        Thing::Keys,
        Thing::RedisKey,
        Thing::Superuser,
        Thing::Wordpress,
        Thing::WordpressUser,
        Thing::WordpressPost,
        Thing::RabbitmqUser,
        Thing::SelinuxRule,
        Thing::Ufw,
        Thing::Firewall,
        Thing::NetworkSetting,
        Thing::Membership,
        Thing::Password,
        Thing::Certificate,
        Thing::Download,
        Thing::Files,
        Thing::Pod,
        Thing::Secret,
        Thing::Config,
        Thing::Swarm,
        Thing::SwarmService,
        Thing::Attachment,
        Thing::Context,
        Thing::Volumes,
        Thing::FreedContainer,
        Thing::LinkTarget,
    ];

    /// Its name in a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Thing::Branch => "branch",
            Thing::Tag => "tag",
            Thing::Commit => "commit",
            Thing::Setting => "setting",
            Thing::Mount => "mount",
            Thing::Swap => "swap",
            Thing::FileSystem => "file system",
            Thing::Data => "data",
            Thing::Rows => "rows",
            Thing::Keys => "keys",
            Thing::RedisKey => "redis key",
            Thing::Superuser => "superuser",
            Thing::Wordpress => "wordpress",
            Thing::WordpressUser => "wordpress user",
            Thing::WordpressPost => "wordpress post",
            Thing::RabbitmqUser => "rabbitmq user",
            Thing::SelinuxRule => "selinux rule",
            Thing::Ufw => "ufw",
            Thing::Firewall => "firewall",
            Thing::NetworkSetting => "network setting",
            Thing::Membership => "membership",
            Thing::Password => "password",
            Thing::Certificate => "certificate",
            Thing::Download => "download",
            Thing::Files => "files",
            Thing::Pod => "pod",
            Thing::Secret => "secret",
            Thing::Config => "config",
            Thing::Swarm => "swarm",
            Thing::SwarmService => "swarm service",
            Thing::Attachment => "network attachment",
            Thing::Context => "context",
            Thing::Volumes => "volumes",
            Thing::FreedContainer => "freed container",
            Thing::LinkTarget => "link target",
        }
    }
}
