//! Finds the binary under test and runs it in a clean room.
//!
//! `CAPSTAN_BIN` names it; otherwise it is built once with `cargo build -p capstan` in the profile
//! of the tests. Building always rather than when it is missing costs a third of a second and
//! makes sure that `cargo test -p capstan-tests` never tests the binary of an hour ago.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A run may take this long.
const RUN_TIMEOUT: Duration = Duration::from_secs(30);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; a signal counts as 128 and its number, as in a shell.
    pub(crate) exit: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Runs the binary in `folder` with no variables but `PATH`, a home in that folder and `variables`.
/// Without a text the standard input is closed.
pub(crate) fn run(
    arguments: &[String],
    variables: &[(String, String)],
    folder: &Path,
    stdin: Option<&str>,
) -> Result<Finished, String> {
    let program = BINARY.as_ref().map_err(Clone::clone)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder);
    for (name, below) in HOMES {
        command.env(name, folder.join(below));
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(if stdin.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    finish(child, stdin)
}

const HOMES: [(&str, &str); 3] = [
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_CACHE_HOME", ".cache"),
    ("XDG_DATA_HOME", ".local/share"),
];

fn finish(mut child: Child, stdin: Option<&str>) -> Result<Finished, String> {
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), stdin) {
        // A program that does not read its input may have closed it already.
        let _ = pipe.write_all(text.as_bytes());
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let exit = wait(&mut child)?;
    let bytes = |reader: JoinHandle<Vec<u8>>| reader.join().expect("reading a pipe cannot panic");
    Ok(Finished {
        exit,
        stdout: bytes(stdout),
        stderr: bytes(stderr),
    })
}

/// Reads a pipe beside the others, so that a full one blocks nobody.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is what there is to look at.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn wait(child: &mut Child) -> Result<i32, String> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code().unwrap_or_else(|| 128 + signal(status)));
        }
        if started.elapsed() > RUN_TIMEOUT {
            child.kill().map_err(|error| error.to_string())?;
            return Err(format!("still running after {} s", RUN_TIMEOUT.as_secs()));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)
}

#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> i32 {
    0
}

/// The binary, found or built on first use.
static BINARY: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("CAPSTAN_BIN") {
        return Ok(PathBuf::from(path));
    }
    build()?;
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    // target/PROFILE/deps/suite-… lies beside target/PROFILE/capstan.
    let profile = test
        .parent()
        .and_then(Path::parent)
        .ok_or("the test has no folder")?;
    let binary = profile.join(format!("capstan{}", std::env::consts::EXE_SUFFIX));
    binary
        .is_file()
        .then_some(binary)
        .ok_or_else(|| "`cargo build` left no binary".to_owned())
});

fn build() -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--quiet",
        "--package",
        "capstan",
        "--manifest-path",
    ]);
    command.arg(super::setup::repository().join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let failed = || {
        format!(
            "cannot build capstan:\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    };
    output.status.success().then_some(()).ok_or_else(failed)
}
