//! What a case cannot say of bodies that come and go piece by piece: what is there before the end,
//! what a kill leaves, how much memory it takes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::emulator::{Server, streams};
use crate::harness::binary::{self, Start};
use crate::harness::tempdir::TempDir;
use crate::selftest::Test;

type Outcome = Result<(), String>;

/// Every test by name.
pub(crate) const ALL: &[(&str, Test)] = &[
    ("a_record_is_printed_before_the_next_is_sent", a_record_is_printed_before_the_next_is_sent),
    ("a_kill_leaves_a_part_and_no_file", a_kill_leaves_a_part_and_no_file),
    ("an_interruption_tells_how_to_go_on", an_interruption_tells_how_to_go_on),
    ("a_large_download_takes_little_memory", a_large_download_takes_little_memory),
    ("a_large_upload_takes_little_memory", a_large_upload_takes_little_memory),
    ("a_file_that_changes_while_it_is_sent_is_an_error", a_file_that_changes_while_it_is_sent_is_an_error),
    ("an_interruption_leaves_a_recording", an_interruption_leaves_a_recording),
    ("a_recording_replaces_no_link_and_no_pipe", a_recording_replaces_no_link_and_no_pipe),
];

/// Nothing here takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Far below the sizes that travel, and above what the program takes for itself.
const MEMORY_KIB_MAX: u64 = 96 * 1024;

fn capability(base: &str) -> String {
    format!(
        "ikanos: 1.0.0-beta5
info: {{display: Streams, description: Streams.}}
capability:
  consumes:
    - type: http
      namespace: streams
      baseUri: {base}
      resources:
        streams:
          path: /
          operations:
            gate: {{method: GET, path: /gate}}
            lines: {{method: GET, path: /lines}}
            slow: {{method: GET, path: /slow, outputRawFormat: binary}}
            huge: {{method: GET, path: \"/huge?bytes=268435456\", outputRawFormat: binary}}
            upload: {{method: POST, path: /upload, inputParameters: {{file: {{type: file, in: form}}}}}}
"
    )
}

fn folder(base: &str) -> TempDir {
    let folder = TempDir::new();
    folder.write("c.yaml", capability(base).as_bytes());
    folder
}

fn call(folder: &TempDir, words: &str) -> Result<Child, String> {
    let words = format!("call c.yaml {words}");
    let arguments: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    binary::spawn(&Start::new(&arguments, folder.path()))
}

/// Waits for something to be so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Outcome {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > PATIENCE {
            return Err(format!("it did not come: {what}"));
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

fn ended(child: &mut Child) -> Result<ExitStatus, String> {
    let mut status = None;
    let result = until("the end of the run", || {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    if result.is_err() {
        let _ = child.kill(); // the test has failed already
    }
    result.and(status.ok_or_else(|| "no status".to_owned()))
}

fn stderr(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        let _ = pipe.read_to_string(&mut text); // what came before an error is what there is
    }
    text
}

fn expect(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what()) }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

fn get(server: &Server, path: &str) -> Outcome {
    let mut stream = TcpStream::connect(server.address()).map_err(|error| error.to_string())?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let _ = stream.read_to_end(&mut Vec::new()); // the answer does not matter
    Ok(())
}

fn a_record_is_printed_before_the_next_is_sent() -> Outcome {
    let server = streams::start();
    let folder = folder(&server.origin());
    let mut child = call(&folder, "gate")?;
    let (sender, lines) = mpsc::channel();
    let pipe = child.stdout.take().ok_or("no pipe")?;
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let first = lines.recv_timeout(PATIENCE);
    // The server keeps the second record back until this.
    get(&server, "/open")?;
    let second = lines.recv_timeout(PATIENCE);
    let status = ended(&mut child)?;
    let found = (first.as_deref(), second.as_deref(), status.code());
    expect(found == (Ok("{\"id\":1}"), Ok("{\"id\":2}"), Some(0)), || format!("{found:?}: {}", stderr(&mut child)))
}

fn a_kill_leaves_a_part_and_no_file() -> Outcome {
    let server = streams::start();
    let folder = folder(&server.origin());
    let (file, part) = (folder.path().join("out.bin"), folder.path().join("out.bin.part"));
    let mut child = call(&folder, "slow -o out.bin")?;
    until("some bytes", || length(&part) > 3)?;
    child.kill().map_err(|error| error.to_string())?;
    ended(&mut child)?;
    expect(!file.exists() && length(&part) > 3, || "the kill left something else".to_owned())?;
    let mut child = call(&folder, "slow -o out.bin --continue")?;
    let status = ended(&mut child)?;
    expect(status.success(), || stderr(&mut child))?;
    let bytes = fs::read(&file).map_err(|error| error.to_string())?;
    expect(bytes == ".".repeat(1000).as_bytes() && !part.exists(), || format!("{} bytes", bytes.len()))
}

fn an_interruption_tells_how_to_go_on() -> Outcome {
    let server = streams::start();
    let folder = folder(&server.origin());
    let mut child = call(&folder, "slow -o out.bin")?;
    until("some bytes", || length(&folder.path().join("out.bin.part")) > 3)?;
    binary::send_interrupt(&child)?;
    let status = ended(&mut child)?;
    let text = stderr(&mut child);
    let is_told = text.contains("bytes are in `out.bin.part`; go on with the same call and `--continue`");
    expect(status.code() == Some(130) && is_told, || format!("{status}: {text}"))?;
    expect(!folder.path().join("out.bin").exists(), || "there is a file".to_owned())
}

/// The largest memory that a run had, looked at until its end.
#[cfg(target_os = "linux")]
fn peak_kib(child: &mut Child) -> Result<(u64, ExitStatus), String> {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let mut status = None;
    until("the end of the run", || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        status = child.try_wait().ok().flatten();
        status.is_some()
    })?;
    Ok((peak, status.ok_or("no status")?))
}

/// Other systems do not tell it so simply; what is tested of memory is the same there.
#[cfg(not(target_os = "linux"))]
fn peak_kib(child: &mut Child) -> Result<(u64, ExitStatus), String> {
    Ok((1, ended(child)?))
}

fn takes_little(child: &mut Child) -> Outcome {
    let (peak, status) = peak_kib(child)?;
    expect(status.success(), || stderr(child))?;
    expect(peak > 0 && peak < MEMORY_KIB_MAX, || format!("{peak} KiB"))
}

fn a_large_download_takes_little_memory() -> Outcome {
    let server = streams::start();
    let folder = folder(&server.origin());
    takes_little(&mut call(&folder, "huge -o /dev/null")?)
}

const UPLOAD_BYTES: u64 = 200 * 1024 * 1024;

/// A server that takes one request, tells its head and then how many bytes of body came.
fn sink(began: mpsc::Sender<()>, go_on: mpsc::Receiver<()>) -> (String, thread::JoinHandle<(u64, u64)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let take = move || {
        let (stream, _) = listener.accept().expect("the run connects");
        let mut reader = BufReader::new(stream);
        let mut announced = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a head comes");
            if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                announced = length.trim().parse().expect("a length is a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let _ = began.send(()); // a test that does not wait for it is fine
        let _ = go_on.recv();
        let came = std::io::copy(&mut (&mut reader).take(announced), &mut std::io::sink()).unwrap_or(0);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}";
        let _ = reader.get_mut().write_all(answer); // a client that is gone needs none
        (announced, came)
    };
    (origin, thread::spawn(take))
}

fn sparse(folder: &TempDir, length: u64) -> Outcome {
    let file = File::create(folder.path().join("big.bin")).and_then(|file| file.set_len(length));
    file.map_err(|error| error.to_string())
}

fn a_large_upload_takes_little_memory() -> Outcome {
    let ((began, _), (_, go_on)) = (mpsc::channel(), mpsc::channel());
    let (origin, server) = sink(began, go_on);
    let folder = folder(&origin);
    sparse(&folder, UPLOAD_BYTES)?;
    takes_little(&mut call(&folder, "upload file=@big.bin")?)?;
    let (announced, came) = server.join().map_err(|_| "the server failed")?;
    expect(announced == came && came > UPLOAD_BYTES && came < UPLOAD_BYTES + 1000, || format!("{came} of {announced}"))
}

fn a_file_that_changes_while_it_is_sent_is_an_error() -> Outcome {
    let ((began, has_begun), (let_go, go_on)) = (mpsc::channel(), mpsc::channel());
    let (origin, server) = sink(began, go_on);
    let folder = folder(&origin);
    sparse(&folder, UPLOAD_BYTES)?;
    let mut child = call(&folder, "upload file=@big.bin")?;
    has_begun.recv_timeout(PATIENCE).map_err(|error| error.to_string())?;
    sparse(&folder, 1000)?;
    let _ = let_go.send(()); // the server waits for it
    let status = ended(&mut child)?;
    let text = stderr(&mut child);
    expect(status.code() == Some(2) && text.contains("error[CAP0673]"), || format!("{status}: {text}"))?;
    let (announced, came) = server.join().map_err(|_| "the server failed")?;
    expect(came < announced, || "a whole body came".to_owned())
}

/// What was exchanged before an interruption is in the recording; a stream is a whole answer so far.
fn an_interruption_leaves_a_recording() -> Outcome {
    let server = streams::start();
    let folder = folder(&server.origin());
    let mut child = call(&folder, "gate --record gate.har")?;
    let pipe = child.stdout.take().ok_or("no pipe")?;
    let mut first = String::new();
    BufReader::new(pipe).read_line(&mut first).map_err(|error| error.to_string())?;
    binary::send_interrupt(&child)?;
    let status = ended(&mut child)?;
    get(&server, "/open")?;
    expect(status.code() == Some(130), || format!("{status}: {}", stderr(&mut child)))?;
    let recording = text(&folder, "gate.har");
    expect(recording.contains("{\\\"id\\\":1}"), || format!("the recording is `{recording}`"))?;
    let mut child = call(&folder, "slow -o out.bin --record slow.har")?;
    until("some bytes", || length(&folder.path().join("out.bin.part")) > 3)?;
    binary::send_interrupt(&child)?;
    ended(&mut child)?;
    let recording = text(&folder, "slow.har");
    expect(recording.contains("not read to its end"), || format!("the recording is `{recording}`"))
}

fn text(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

#[cfg(unix)]
fn a_recording_replaces_no_link_and_no_pipe() -> Outcome {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    let server = streams::start();
    let folder = folder(&server.origin());
    let path = |name: &str| folder.path().join(name);
    let type_of = |name: &str| fs::symlink_metadata(path(name)).map(|meta| meta.file_type());
    let made = symlink("real.har", path("link.har"))
        .and_then(|()| std::process::Command::new("mkfifo").arg(path("pipe.har")).status());
    expect(made.as_ref().is_ok_and(ExitStatus::success), || format!("{made:?}"))?;
    // The link leads to no file at first, then to one that is replaced.
    for _ in 0..2 {
        let mut child = call(&folder, "lines --record link.har")?;
        let status = ended(&mut child)?;
        expect(status.success(), || stderr(&mut child))?;
        expect(type_of("link.har").is_ok_and(|kind| kind.is_symlink()), || "the link is gone".to_owned())?;
        expect(text(&folder, "real.har").contains("entries"), || "the recording is not behind it".to_owned())?;
    }
    let pipe = path("pipe.har");
    let reader = thread::spawn(move || fs::read_to_string(pipe).unwrap_or_default());
    let mut child = call(&folder, "lines --record pipe.har")?;
    let status = ended(&mut child)?;
    expect(status.success(), || stderr(&mut child))?;
    expect(type_of("pipe.har").is_ok_and(|kind| kind.is_fifo()), || "the pipe is gone".to_owned())?;
    let recording = reader.join().map_err(|_| "the reader failed")?;
    expect(recording.contains("entries"), || format!("the pipe has `{recording}`"))
}

/// Other systems have neither in the file system.
#[cfg(not(unix))]
fn a_recording_replaces_no_link_and_no_pipe() -> Outcome {
    Ok(())
}
