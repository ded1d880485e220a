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

/// A run to be.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) arguments: &'a [String],
    /// The working directory, and the home.
    pub(crate) folder: &'a Path,
    /// All variables but `PATH` and the homes.
    pub(crate) variables: &'a [(String, String)],
    /// Without a text the standard input is closed.
    pub(crate) stdin: Option<&'a str>,
    /// After this time the run is interrupted as by Ctrl-C.
    pub(crate) interrupt: Option<Duration>,
}

impl<'a> Start<'a> {
    /// A run without variables and input.
    pub(crate) fn new(arguments: &'a [String], folder: &'a Path) -> Start<'a> {
        Start { arguments, folder, variables: &[], stdin: None, interrupt: None }
    }
}

/// Runs the binary, for [`RUN_TIMEOUT`] at most.
pub(crate) fn run(start: &Start<'_>) -> Result<Finished, String> {
    finish(spawn(start)?, start)
}

/// Starts the binary, for those who look at it while it runs.
pub(crate) fn spawn(start: &Start<'_>) -> Result<Child, String> {
    let program = BINARY.as_ref().map_err(Clone::clone)?;
    let mut command = Command::new(program);
    command.args(start.arguments).current_dir(start.folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", start.folder);
    for (name, below) in HOMES {
        command.env(name, start.folder.join(below));
    }
    command.envs(start.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(if start.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("{}: {error}", program.display()))
}

/// Feeds a run and waits for its end.
pub(crate) fn finish(mut child: Child, start: &Start<'_>) -> Result<Finished, String> {
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), start.stdin) {
        // A program that does not read its input may have closed it already.
        let _ = pipe.write_all(text.as_bytes());
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let exit = wait(&mut child, start.interrupt)?;
    let bytes = |reader: JoinHandle<Vec<u8>>| reader.join().expect("reading a pipe cannot panic");
    Ok(Finished { exit, stdout: bytes(stdout), stderr: bytes(stderr) })
}

const HOMES: [(&str, &str); 3] =
    [("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache"), ("XDG_DATA_HOME", ".local/share")];

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

fn wait(child: &mut Child, mut interrupt: Option<Duration>) -> Result<i32, String> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code().unwrap_or_else(|| 128 + signal(status)));
        }
        if interrupt.take_if(|after| started.elapsed() > *after).is_some() {
            send_interrupt(child)?;
        }
        if started.elapsed() > RUN_TIMEOUT {
            child.kill().map_err(|error| error.to_string())?;
            return Err(format!("still running after {} s", RUN_TIMEOUT.as_secs()));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// By the system's own command: the standard library sends no signal but the deadly one.
pub(crate) fn send_interrupt(child: &Child) -> Result<(), String> {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    let status = status.map_err(|error| format!("kill: {error}"))?;
    status.success().then_some(()).ok_or_else(|| "the run cannot be interrupted".to_owned())
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
    let profile = test.parent().and_then(Path::parent).ok_or("the test has no folder")?;
    let binary = profile.join(format!("capstan{}", std::env::consts::EXE_SUFFIX));
    binary.is_file().then_some(binary).ok_or_else(|| "`cargo build` left no binary".to_owned())
});

fn build() -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "capstan", "--manifest-path"]);
    command.arg(super::setup::repository().join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.output().map_err(|error| format!("cargo: {error}"))?;
    let failed = || format!("cannot build capstan:\n{}", String::from_utf8_lossy(&output.stderr));
    output.status.success().then_some(()).ok_or_else(failed)
}
