//! Made-up repos that deploy by hand. They follow from a seed: as many as a benchmark needs, the same bytes on every
//! machine, and never committed. Nothing in them was written by anybody else.
//!
//! Their shape follows what was counted in public repos (659 scripts that deploy something, of 148 repos; 119,000 lines):
//!
//! | | real | here (1,000 repos, seed 1) |
//! | --- | --- | --- |
//! | lines of a script: one in ten under, median, one in ten over, most | 31, 109, 380, 2703 | 37, 126, 450, 2627 |
//! | bytes of a script: median, mean; of a line: mean | 3,489, 5,901; 32 | 3,825, 7,174; 31 |
//! | of all lines in heredocs, comments, blank | 0.21, 0.11, 0.13 | 0.23, 0.10, 0.09 |
//! | heredocs of a script: mean; lines of one: median | 1.2; 16 | 2.8; 14 |
//! | functions of a script: median, three quarters under, one in ten over | 0, 3, 8 | 0, 3, 15 |
//! | guards of a script: median, mean (`[ -f … ]`, `command -v`, `grep -q`, `id`, `\|\| true`, `\|\| exit`) | 2, 5.5 | 4, 7.9 |
//! | of 1,000 lines of code: `echo` or `printf`, assignments, `if`, `sudo` | 246, 109, 74, 33 | 283, 105, 72, 63 |
//! | docker, systemctl, apt, `mkdir -p`, `mkdir` | 33, 24, 11, 11, 0.2 | 42, 58, 10, 13, 0.7 |
//! | `>>`, `sed -i`, `chown`, `git clone`, `useradd`, `ln -s` | 5.4, 5.0, 4.5, 1.2, 0.9, 0.4 | 8.9, 2.4, 8.2, 2.2, 2.3, 1.2 |
//!
//! Compared with all scripts of 13 of them (628 kB), without the projects around them: 0.9 findings here and 0.5 there in
//! 100 lines; 1.31 and 1.13 million instructions of a scan in 1,000 bytes, 43 and 40 thousand in a line.
//!
//! One program counted both, line by line with regular expressions, so a count says what a line looks like. A closer look
//! at 462 of the scripts (96 repos) showed how often people do what is right and what is wrong: `git clone` is in 41 of 100
//! repos, `useradd` in 32, `>>` in 31, and half or more of them are behind a test. One of ten directories is made without
//! `-p`. `.env` is behind `[ ! -f .env ]` about half of the time. There are more faults here than in real repos, so that
//! rules have work.
//!
//! Some things are smaller here, so that 100,000 repos fit on a disk (2.7 GB, or 5.2 GB in blocks of 4 kB). A real repo has
//! 3 such scripts (median; 9 or more in one of ten, 56 at most) and hundreds of files around them; one of these has 1 to 4
//! scripts and six small files.

mod extras;
mod files;
mod ground;
mod kinds;
mod more;
mod plan;
mod random;
mod script;
mod sections;
mod server;

use kinds::Kind;
use plan::Plan;
use random::Random;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(crate) struct Repo {
    /// The name of its directory, which begins with its number.
    pub(crate) name: String,
    pub(crate) files: Vec<File>,
}

pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) executable: bool,
}

/// The repo with this number. It does not depend on other repos.
pub(crate) fn repo(seed: u64, number: usize) -> Repo {
    let mut random = Random::new(seed, number as u64);
    let plan = Plan::new(&mut random);
    let mut files: Vec<File> = files::files(&plan, &mut random)
        .into_iter()
        .map(|(path, text)| File { path, text, executable: false })
        .collect();
    let main = *random.pick(&["start.sh", "deploy.sh", "install.sh", "setup.sh", "deploy/install.sh"]);
    let mut scripts =
        vec![(main, if plan.compose && random.chance(30) { Kind::Compose } else { Kind::Install })];
    for (often, path, kind) in [
        (50, "scripts/update.sh", Kind::Update),
        (25, "scripts/backup.sh", Kind::Backup),
        (25, "scripts/server.sh", Kind::Server),
    ] {
        if random.chance(often) {
            scripts.push((path, kind));
        }
    }
    for (path, kind) in scripts {
        let own = Random::new(random.draw(), 0);
        let text = kinds::script(&plan, own, kind);
        files.push(File { path: path.to_owned(), text, executable: random.chance(70) });
        if plan.library {
            let directory =
                path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
            let path = format!("{directory}common.sh");
            if !files.iter().any(|file| file.path == path) {
                files.push(File { path, text: kinds::library(), executable: false });
            }
        }
    }
    Repo { name: format!("{number:06}-{}", plan.app), files }
}

/// Writes repos below `directory`, a thousand to a directory. Writes their paths, one a line, into `repos.txt` beside them,
/// and returns its path. Nothing is written if the same corpus exists.
pub(crate) fn write(directory: &Path, seed: u64, repos: usize) -> io::Result<PathBuf> {
    let list = directory.join("repos.txt");
    let stamp = directory.join("corpus.txt");
    let made = format!("{repos} repos of seed {seed}, the first ones {:016x}\n", sum(seed, 20));
    if fs::read_to_string(&stamp).is_ok_and(|text| text == made) {
        return Ok(list);
    }
    if fs::read_dir(directory).is_ok_and(|mut inside| inside.next().is_some()) && !stamp.exists() {
        return Err(io::Error::other(format!("{} holds something else", directory.display())));
    }
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    // The rest of an interrupted run may be deleted.
    fs::write(&stamp, "unfinished\n")?;
    let root = directory.canonicalize()?;
    let mut names = io::BufWriter::new(fs::File::create(&list)?);
    for number in 0..repos {
        let repo = repo(seed, number);
        let path = root.join(format!("{:03}", number / 1000)).join(&repo.name);
        repo.write(&path)?;
        writeln!(names, "{}", path.display())?;
    }
    names.flush()?;
    fs::write(stamp, made)?;
    Ok(list)
}

/// A checksum of all bytes of the first repos: the 64-bit FNV-1a of <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub(crate) fn sum(seed: u64, repos: usize) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for number in 0..repos {
        let repo = repo(seed, number);
        add(repo.name.as_bytes());
        for file in &repo.files {
            add(file.path.as_bytes());
            add(file.text.as_bytes());
            add(&[u8::from(file.executable)]);
        }
    }
    sum
}

impl Repo {
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)?;
        for file in &self.files {
            let path = path.join(&file.path);
            if let (true, Some(parent)) = (file.path.contains('/'), path.parent()) {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &file.text)?;
            #[cfg(unix)]
            if file.executable {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            }
        }
        Ok(())
    }
}
