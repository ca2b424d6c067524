//! The directives that systemd knows, by section. It does not know what a unit means.
//!
//! Facts: the listing of systemd 252 itself (`systemd --dump-configuration-items`), what later releases added
//! to its table of directives (`load-fragment-gperf`, up to the development towards 259), and
//! systemd.directives(7). `check::systemd_tests` compares it with `systemd-analyze verify`.

use crate::project::unit::UnitKind;

/// The release whose directives are listed completely. Later ones count as newer.
#[cfg(test)]
pub(crate) const BASE: u32 = 252;

/// How systemd treats a directive in a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is read.
    Known,
    /// It is read by releases after [`BASE`].
    Newer,
    /// It was read once, but newer releases say so and ignore it. The value is what to write instead, if
    /// there is something.
    Removed(Option<&'static str>),
    /// It is ignored.
    Unknown,
}

/// The section that belongs to this kind of unit.
fn own_section(kind: UnitKind) -> Option<&'static str> {
    Some(match kind {
        UnitKind::Service => "Service",
        UnitKind::Timer => "Timer",
        UnitKind::Socket => "Socket",
        UnitKind::Path => "Path",
        UnitKind::Mount => "Mount",
        UnitKind::Target | UnitKind::Other => return None,
    })
}

/// The sections that systemd reads in a unit of that kind.
pub(crate) fn sections(kind: UnitKind) -> Vec<&'static str> {
    ["Unit", "Install"].into_iter().chain(own_section(kind)).collect()
}

/// All lists of a section: what [`BASE`] knows, and what is newer.
fn lists(section: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let runs = |own| vec![own, EXEC, KILL, RESOURCES];
    let newer = |own| vec![own, NEW_EXEC, NEW_RESOURCES];
    match section {
        "Unit" => (vec![UNIT], vec![NEW_UNIT]),
        "Install" => (vec![INSTALL], vec![NEW_INSTALL]),
        "Service" => (runs(SERVICE), newer(NEW_SERVICE)),
        "Socket" => (runs(SOCKET), newer(NEW_SOCKET)),
        "Mount" => (runs(MOUNT), newer("")),
        "Timer" => (vec![TIMER], vec![NEW_TIMER]),
        "Path" => (vec![PATH], vec![]),
        _ => (vec![], vec![]),
    }
}

fn holds(lists: &[&str], key: &str) -> bool {
    lists.iter().any(|list| list.split_ascii_whitespace().any(|word| word == key))
}

/// How systemd treats `key` in `section`.
pub(crate) fn standing(section: &str, key: &str) -> Standing {
    let (known, newer) = lists(section);
    let asks = |prefix| key.strip_prefix(prefix).is_some_and(|rest| holds(&[TESTS], rest));
    if key.starts_with("X-") || holds(&known, key) {
        return Standing::Known;
    }
    if section == "Unit" && (asks("Condition") || asks("Assert")) {
        return Standing::Known;
    }
    if let Some((_, _, instead)) =
        REMOVED.iter().find(|(sections, name, _)| *name == key && sections.contains(&section))
    {
        return Standing::Removed(*instead);
    }
    if holds(&newer, key) { Standing::Newer } else { Standing::Unknown }
}

/// Every directive that is known or newer, with its section.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for section in SECTIONS {
        let (known, newer) = lists(section);
        let words = known.into_iter().chain(newer).flat_map(str::split_ascii_whitespace);
        all.extend(words.map(|word| (section, word.to_owned())));
    }
    let asked = TESTS.split_ascii_whitespace();
    all.extend(
        asked.flat_map(|test| [("Unit", format!("Condition{test}")), ("Unit", format!("Assert{test}"))]),
    );
    all
}

/// The sections of the table.
pub(crate) const SECTIONS: [&str; 7] = ["Unit", "Install", "Service", "Socket", "Mount", "Timer", "Path"];

/// True for a directive that takes a boolean and nothing else.
pub(crate) fn is_boolean(key: &str) -> bool {
    holds(&[BOOLEANS], key)
}

const RUNS: &[&str] = &["Service", "Socket", "Mount"];

/// What the newest releases ignore, with its replacement.
const REMOVED: &[(&[&str], &str, Option<&str>)] = &[
    (&["Unit"], "RequiresOverridable", Some("Requires")),
    (&["Unit"], "RequisiteOverridable", Some("Requisite")),
    (&["Unit"], "IgnoreOnSnapshot", None),
    (&["Service"], "SysVStartPriority", None),
    (&["Service"], "BusPolicy", None),
    (RUNS, "Capabilities", Some("CapabilityBoundingSet")),
    (RUNS, "NetClass", None),
    (RUNS, "CPUAccounting", None),
    (RUNS, "CPUShares", Some("CPUWeight")),
    (RUNS, "StartupCPUShares", Some("StartupCPUWeight")),
    (RUNS, "MemoryLimit", Some("MemoryMax")),
    (RUNS, "BlockIOAccounting", Some("IOAccounting")),
    (RUNS, "BlockIOWeight", Some("IOWeight")),
    (RUNS, "StartupBlockIOWeight", Some("StartupIOWeight")),
    (RUNS, "BlockIODeviceWeight", Some("IODeviceWeight")),
    (RUNS, "BlockIOReadBandwidth", Some("IOReadBandwidthMax")),
    (RUNS, "BlockIOWriteBandwidth", Some("IOWriteBandwidthMax")),
];

/// `[Unit]`, systemd.unit(5). Conditions and assertions are in [`TESTS`].
const UNIT: &str = "\
    Description ConditionFirmware Documentation SourcePath Requires Requisite Wants BindsTo BindTo Upholds Conflicts \
    Before After OnSuccess OnFailure PropagatesReloadTo PropagateReloadTo ReloadPropagatedFrom \
    PropagateReloadFrom PropagatesStopTo StopPropagatedFrom PartOf JoinsNamespaceOf RequiresMountsFor \
    StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate DefaultDependencies \
    OnSuccessJobMode OnFailureJobMode OnFailureIsolate IgnoreOnIsolate JobTimeoutSec \
    JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument StartLimitIntervalSec \
    StartLimitInterval StartLimitBurst StartLimitAction FailureAction SuccessAction \
    FailureActionExitStatus SuccessActionExitStatus RebootArgument CollectMode";

/// What `Condition…=` and `Assert…=` can ask for, systemd.unit(5).
const TESTS: &str = "\
    PathExists PathExistsGlob PathIsDirectory PathIsSymbolicLink PathIsMountPoint PathIsReadWrite \
    PathIsEncrypted DirectoryNotEmpty FileNotEmpty FileIsExecutable NeedsUpdate FirstBoot Architecture \
     Virtualization Host KernelCommandLine KernelVersion Credential Security Capability ACPower \
    Memory CPUFeature CPUs Environment User Group ControlGroupController OSRelease MemoryPressure \
    CPUPressure IOPressure";

/// `[Install]`, systemd.unit(5).
const INSTALL: &str = "\
    Alias WantedBy RequiredBy Also DefaultInstance";

/// `[Service]`, systemd.service(5), with what `[Unit]` took over and systemd still reads here.
const SERVICE: &str = "\
    PIDFile ExecCondition ExecStartPre ExecStart ExecStartPost ExecReload ExecStop ExecStopPost \
    RestartSec TimeoutSec TimeoutStartSec TimeoutStopSec TimeoutAbortSec TimeoutStartFailureMode \
    TimeoutStopFailureMode RuntimeMaxSec RuntimeRandomizedExtraSec WatchdogSec StartLimitInterval \
    StartLimitBurst StartLimitAction FailureAction RebootArgument Type ExitType Restart \
    PermissionsStartOnly RootDirectoryStartOnly RemainAfterExit GuessMainPID RestartPreventExitStatus \
    RestartForceExitStatus SuccessExitStatus NonBlocking BusName FileDescriptorStoreMax NotifyAccess \
    Sockets USBFunctionDescriptors USBFunctionStrings OOMPolicy";

/// `[Socket]`, systemd.socket(5).
const SOCKET: &str = "\
    ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenNetlink ListenSpecial \
    ListenMessageQueue ListenUSBFunction SocketProtocol BindIPv6Only Backlog BindToDevice ExecStartPre \
    ExecStartPost ExecStopPre ExecStopPost TimeoutSec SocketUser SocketGroup SocketMode DirectoryMode \
    Accept FlushPending Writable MaxConnections MaxConnectionsPerSource KeepAlive KeepAliveTimeSec \
    KeepAliveIntervalSec KeepAliveProbes DeferAcceptSec NoDelay Priority ReceiveBuffer SendBuffer IPTOS \
    IPTTL Mark PipeSize FreeBind Transparent Broadcast PassCredentials PassSecurity PassPacketInfo \
    Timestamping TCPCongestion ReusePort MessageQueueMaxMessages MessageQueueMessageSize RemoveOnStop \
    Symlinks FileDescriptorName Service TriggerLimitIntervalSec TriggerLimitBurst SmackLabel \
    SmackLabelIPIn SmackLabelIPOut SELinuxContextFromNet";

/// `[Mount]`, systemd.mount(5).
const MOUNT: &str = "\
    What Where Options Type TimeoutSec DirectoryMode SloppyOptions LazyUnmount ForceUnmount \
    ReadWriteOnly";

/// `[Timer]`, systemd.timer(5).
const TIMER: &str = "\
    OnCalendar OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnClockChange \
    OnTimezoneChange Persistent WakeSystem RemainAfterElapse FixedRandomDelay AccuracySec \
    RandomizedDelaySec Unit";

/// `[Path]`, systemd.path(5).
const PATH: &str = "\
    PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty Unit MakeDirectory \
    DirectoryMode TriggerLimitIntervalSec TriggerLimitBurst";

/// The directives of every section that runs programs, systemd.exec(5).
const EXEC: &str = "\
    WorkingDirectory RootDirectory RootImage RootImageOptions RootHash RootHashSignature RootVerity \
    ExtensionDirectories ExtensionImages MountImages User Group SupplementaryGroups Nice OOMScoreAdjust \
    CoredumpFilter IOSchedulingClass IOSchedulingPriority CPUSchedulingPolicy CPUSchedulingPriority \
    CPUSchedulingResetOnFork CPUAffinity NUMAPolicy NUMAMask UMask Environment EnvironmentFile \
    PassEnvironment UnsetEnvironment DynamicUser RemoveIPC StandardInput StandardOutput StandardError \
    StandardInputText StandardInputData TTYPath TTYReset TTYVHangup TTYVTDisallocate TTYRows TTYColumns \
    SyslogIdentifier SyslogFacility SyslogLevel SyslogLevelPrefix LogLevelMax LogRateLimitIntervalSec \
    LogRateLimitBurst LogExtraFields SecureBits CapabilityBoundingSet AmbientCapabilities TimerSlackNSec \
    NoNewPrivileges KeyringMode ProtectProc ProcSubset SystemCallFilter SystemCallArchitectures \
    SystemCallErrorNumber SystemCallLog MemoryDenyWriteExecute RestrictNamespaces RestrictRealtime \
    RestrictSUIDSGID RestrictAddressFamilies LockPersonality RestrictFileSystems LimitCPU LimitFSIZE \
    LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS LimitNPROC LimitMEMLOCK LimitLOCKS \
    LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME ReadWriteDirectories \
    ReadOnlyDirectories InaccessibleDirectories ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths \
    NoExecPaths ExecSearchPath BindPaths BindReadOnlyPaths TemporaryFileSystem PrivateTmp PrivateDevices \
    ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectClock ProtectControlGroups \
    NetworkNamespacePath IPCNamespacePath LogNamespace PrivateNetwork PrivateUsers PrivateMounts \
    PrivateIPC ProtectSystem ProtectHome MountFlags MountAPIVFS Personality RuntimeDirectoryPreserve \
    RuntimeDirectoryMode RuntimeDirectory StateDirectoryMode StateDirectory CacheDirectoryMode \
    CacheDirectory LogsDirectoryMode LogsDirectory ConfigurationDirectoryMode ConfigurationDirectory \
    SetCredential SetCredentialEncrypted LoadCredential LoadCredentialEncrypted TimeoutCleanSec PAMName \
    IgnoreSIGPIPE UtmpIdentifier UtmpMode SELinuxContext AppArmorProfile SmackProcessLabel \
    ProtectHostname";

/// The directives of every section that runs programs, systemd.kill(5).
const KILL: &str = "\
    SendSIGKILL SendSIGHUP KillMode KillSignal RestartKillSignal FinalKillSignal WatchdogSignal";

/// The directives of every section that runs programs, systemd.resource-control(5).
const RESOURCES: &str = "\
    Slice AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes CPUWeight \
    StartupCPUWeight CPUQuota CPUQuotaPeriodSec MemoryAccounting MemoryMin DefaultMemoryMin \
    DefaultMemoryLow MemoryLow MemoryHigh MemoryMax MemorySwapMax DeviceAllow DevicePolicy IOAccounting \
    IOWeight StartupIOWeight IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax \
    IOWriteIOPSMax IODeviceLatencyTargetSec TasksAccounting TasksMax Delegate DisableControllers \
    IPAccounting IPAddressAllow IPAddressDeny IPIngressFilterPath IPEgressFilterPath ManagedOOMSwap \
    ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference BPFProgram \
    SocketBindAllow SocketBindDeny RestrictNetworkInterfaces";

/// Newer than [`BASE`], for the sections of [`EXEC`].
const NEW_EXEC: &str = "\
    RootImagePolicy ExtensionImagePolicy MountImagePolicy RootEphemeral SetLoginEnvironment \
    LogFilterPatterns PrivateBPF BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms \
    BPFDelegateAttachments DelegateNamespaces LandlockConfig BindLogSockets PrivatePIDs \
    StateDirectoryAccounting StateDirectoryQuota CacheDirectoryAccounting CacheDirectoryQuota \
    LogsDirectoryAccounting LogsDirectoryQuota ImportCredential MemoryKSM";

/// Newer than [`BASE`], for the sections of [`RESOURCES`].
const NEW_RESOURCES: &str = "\
    DefaultStartupMemoryLow StartupMemoryLow StartupMemoryHigh StartupMemoryMax StartupMemorySwapMax \
    MemoryZSwapMax StartupMemoryZSwapMax MemoryZSwapWriteback DelegateSubgroup \
    ManagedOOMMemoryPressureDurationSec MemoryPressureThresholdSec MemoryPressureWatch NFTSet \
    CoredumpReceive";

/// Newer than [`BASE`], for the sections of [`UNIT`].
const NEW_UNIT: &str = "\
    WantsMountsFor SurviveFinalKillSignal ConditionVersion AssertVersion ConditionKernelModuleLoaded \
    AssertKernelModuleLoaded";

/// Newer than [`BASE`], for the sections of [`SERVICE`].
const NEW_SERVICE: &str = "\
    RestartSteps RestartMaxDelaySec RestartMode FileDescriptorStorePreserve OpenFile ReloadSignal";

/// Newer than [`BASE`], for the sections of [`SOCKET`].
const NEW_SOCKET: &str = "\
    PassPIDFD AcceptFileDescriptors PassFileDescriptorsToExec PollLimitIntervalSec PollLimitBurst \
    DeferTrigger DeferTriggerMaxSec";

/// Newer than [`BASE`], for the sections of [`TIMER`].
const NEW_TIMER: &str = "\
    DeferReactivation RandomizedOffsetSec";

/// Newer than [`BASE`], for the sections of [`INSTALL`].
const NEW_INSTALL: &str = "\
    UpheldBy";

/// Directives that take a boolean and nothing else, from the same listing.
const BOOLEANS: &str = "\
    Accept AllowIsolate BlockIOAccounting Broadcast CPUAccounting CPUSchedulingResetOnFork \
    DefaultDependencies DynamicUser FixedRandomDelay FlushPending ForceUnmount FreeBind GuessMainPID \
    IOAccounting IPAccounting IgnoreOnIsolate IgnoreSIGPIPE KeepAlive LazyUnmount LockPersonality \
    MakeDirectory MemoryAccounting MemoryDenyWriteExecute NoDelay NoNewPrivileges NonBlocking \
    OnClockChange OnFailureIsolate OnTimezoneChange PassCredentials PassPacketInfo PassSecurity \
    PermissionsStartOnly Persistent PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivateTmp \
    PrivateUsers ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs \
    ProtectKernelModules ProtectKernelTunables ReadWriteOnly RefuseManualStart RefuseManualStop \
    RemainAfterElapse RemainAfterExit RemoveIPC RemoveOnStop RestrictRealtime RestrictSUIDSGID ReusePort \
    RootDirectoryStartOnly SELinuxContextFromNet SendSIGHUP SendSIGKILL SloppyOptions StopWhenUnneeded \
    SyslogLevelPrefix TTYReset TTYVHangup TTYVTDisallocate TasksAccounting Transparent WakeSystem \
    Writable";
