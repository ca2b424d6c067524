//! Disks and swap: util-linux, e2fsprogs.

use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::tools::advice::kinds::{Advice, Asked};
use crate::tools::draft::{Draft, NEW};
use crate::tools::effect::{Again, Change, Deed, Resource};
use crate::tools::files::busy_swap;
use crate::tools::patterns::Pattern;
use crate::tools::says::facts::Says;
use crate::tools::thing::Thing;

/// The options of swapon(8).
const SWAPON: &str = "a|all p|priority: d|discard? s|summary show? L: U: e|ifexists noheadings raw bytes";

/// What success says: mountpoint(1), findmnt(8) and blkid(8) fail if there is none. Of `swapon --show`, a line of the
/// output says it.
pub(super) fn succeeds(argv: &Argv) -> Option<Says> {
    let plain = || argv.args.iter().find(|arg| !arg.is_option());
    match argv.name.as_str() {
        "swapon" => {
            let options = argv.options(SWAPON);
            let shows = options.operands.is_empty() || options.has("show") || options.has("s");
            shows.then(|| Says::other(Thing::Swap, Value::default()))
        }
        "mountpoint" | "findmnt" => Some(Says::other(Thing::Mount, argv.path(plain()?))),
        "blkid" => {
            let device = argv.options("o|output: s|match-tag: t: L: U: c: p").operands.first().copied()?;
            Some(Says::other(Thing::FileSystem, argv.path(device)))
        }
        _ => None,
    }
}

/// `lsblk -no FSTYPE DEVICE` prints the file system, if there is one.
pub(super) fn prints(argv: &Argv) -> Option<Says> {
    let options = argv.options("n|noheadings o|output: f|fs l d p r");
    let asks = options.has("f") || options.values("o").any(|columns| columns.key().contains("FSTYPE"));
    let device = options.operands.first().filter(|_| asks)?;
    Some(Says::other(Thing::FileSystem, argv.path(device)))
}

/// What a line of a list of mounts, swap areas or file systems says.
pub(super) fn lists(argv: &Argv, pattern: &Pattern) -> Option<Says> {
    match argv.name.as_str() {
        "swapon" | "free" => Some(Says::other(Thing::Swap, Value::default())),
        "mount" | "findmnt" | "df" => {
            let text = pattern.text();
            let place = text.key().trim_matches([' ', '^', '$']);
            Some(Says::other(Thing::Mount, Value::from_key(place, text)))
        }
        "blkid" => Some(Says::other(Thing::FileSystem, pattern.name())),
        "lsblk" => prints(argv),
        // `file -s /dev/sdb | grep -q filesystem`; an empty device is `data`.
        "file" => {
            let device = argv.args.iter().rfind(|arg| arg.value.key().starts_with("/dev/"))?;
            let says = Says::other(Thing::FileSystem, argv.path(device));
            if pattern.text().key().contains("data") { says.negate() } else { Some(says) }
        }
        _ => None,
    }
}

#[test]
fn mounts_are_asked() {
    crate::tools::table::says(&[
        ("mountpoint -q /data", "Exists mount /data"),
        ("findmnt /data", "Exists mount /data"),
        ("mount | grep -q /data", "Exists mount /data"),
        ("swapon --show | grep -q /swapfile", "Exists swap"),
        ("swapon --show", "Exists swap"),
        ("swapon /swapfile", ""),
        ("blkid /dev/sdb1", "Exists file system /dev/sdb1"),
        ("lsblk -no FSTYPE /dev/sdb", "prints Exists file system /dev/sdb"),
        ("file -s /dev/sdb | grep -q filesystem", "Exists file system /dev/sdb"),
    ]);
}

/// What to write instead.
pub(super) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    match asked.name() {
        "mkswap" => Advice::help(
            "make the swap area on the first run only: `swapon --show | grep -q FILE || mkswap FILE`",
        ),
        "swapon" => Advice::help("test first: `swapon --show | grep -q FILE || swapon …`"),
        "mount" => Advice::help("test first: `mountpoint -q DIR || mount …`"),
        "umount" => Advice::help("test first: `! mountpoint -q DIR || umount DIR`"),
        name if name == "mkfs" || name.starts_with("mkfs.") => {
            Advice::help("make the file system only where there is none: `blkid DEVICE || mkfs …`")
        }
        _ => None,
    }
}

/// mkswap(8): it refuses a swap area in use, and anything with a swap name counts as one; it accepts any
/// other (tried with 2.38). mkfs(8): everything that was there is gone; mke2fs asks only on a terminal if it
/// sees a file system, and with `-F` it does not ask. mkfs.xfs(8) and mkfs.btrfs(8) refuse a device with a file system
/// unless `-f` is given (tried with xfsprogs 6.1 and btrfs-progs 6.2).
pub(crate) fn mkfs(argv: &Argv) -> Deed {
    let options = argv.options("t|type: L|label: f|force F U|uuid: p|pagesize: b: m: O: E: N: i: q c n:");
    let mut draft = Draft::of(argv);
    let kind = argv.name.strip_prefix("mkfs.").or_else(|| options.value("t").and_then(Value::as_literal));
    // The values of options that differ between file systems come before the device: `mkfs.vfat -F 32 /dev/sdb1`.
    let devices =
        || options.operands.iter().filter(|operand| argv.path(operand).known_prefix().starts_with("/dev/"));
    if let Some(device) = devices().next().or_else(|| options.operands.last()) {
        match (argv.name.as_str(), kind) {
            ("mkswap", _) => {
                let again = busy_swap(&argv.path(device), "is mounted; will not make swapspace");
                draft.path(device, Change::Write, again);
            }
            (_, Some("xfs" | "btrfs")) if !options.has("f") => {
                let again = Again::Fails("appears to contain an existing filesystem");
                draft.add(device, NEW, Resource::Other(Thing::FileSystem, argv.path(device)), again);
            }
            _ => {
                let again = Again::Overwrites("deletes everything that was on it");
                draft.path(device, Change::Write, again);
            }
        }
    }
    draft.done()
}

/// swapon(8): `swapon failed: Device or resource busy`, exit status 255, for an area in use; `-a` skips it.
pub(crate) fn swapon(argv: &Argv) -> Deed {
    let options = argv.options(SWAPON);
    let mut draft = Draft::of(argv);
    if options.has("show") || options.has("s") {
        return Deed::read_only();
    }
    let off = argv.name == "swapoff";
    let again = match off {
        true => Again::Unknown,
        false => Again::Fails("swapon failed: Device or resource busy"),
    };
    for area in &options.operands {
        let change = if off { Change::Remove } else { NEW };
        draft.add(area, change, Resource::Other(Thing::Swap, argv.path(area)), again);
    }
    draft.done()
}

/// mount(8): the same source at the same place is `already mounted`, exit status 32; `-a` and `remount`
/// accept it. Something without a device (tmpfs, `--bind`) is mounted again on top (tried with 2.38).
pub(crate) fn mount(argv: &Argv) -> Deed {
    let options =
        argv.options("a|all t|types: o|options: B|bind R|rbind r w L: U: v f n make-private M|move");
    let mut draft = Draft::of(argv);
    let remounts = options.values("o").any(|o| o.key().contains("remount"));
    let Some(place) = options.operands.last().filter(|_| !options.has("a") && !remounts) else {
        return draft.done();
    };
    let resource = Resource::Other(Thing::Mount, argv.path(place));
    if argv.name == "umount" {
        draft.add(place, Change::Remove, resource, Again::Fails("not mounted"));
    } else if options.has("B")
        || options.has("R")
        || options.values("o").any(|o| o.key().contains("bind"))
        || options.values("t").any(|t| matches!(t.as_literal(), Some("tmpfs" | "overlay" | "proc" | "sysfs")))
    {
        draft.add(place, NEW, resource, Again::Duplicates("mounts it again on top"));
    } else {
        draft.add(place, NEW, resource, Again::Fails("already mounted"));
    }
    draft.done()
}

#[test]
fn disks_are_prepared() {
    crate::tools::table::check(&[
        ("mkswap /swapfile", "write /swapfile fails"),
        ("swapon /swapfile", "create swap /swapfile fails"),
        ("swapon --show", "[ReadOnly]"),
        ("swapon -a", ""),
        ("mkfs.ext4 -F /dev/sdb1", "write /dev/sdb1 overwrites"),
        ("mkfs.xfs /dev/sdb1", "create file system /dev/sdb1 fails"),
        ("mkfs.xfs -f /dev/sdb1", "write /dev/sdb1 overwrites"),
        ("mkfs.btrfs -L data /dev/sdb1", "create file system /dev/sdb1 fails"),
        ("mkfs -t xfs /dev/sdb1", "create file system /dev/sdb1 fails"),
        ("mkfs -t ext4 /dev/sdb1", "write /dev/sdb1 overwrites"),
        ("mount /dev/sdb1 /data", "create mount /data fails"),
        ("mount -a", ""),
        ("mount -t tmpfs tmpfs /mnt/t", "create mount /mnt/t duplicates"),
        ("mkswap /opt/img", "write /opt/img"),
        ("mount -o remount,rw /", ""),
        ("umount /data", "remove mount /data fails"),
    ]);
}
