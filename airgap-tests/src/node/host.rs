//! A node as the installer sees machines, without the SSH in between.

use std::process::Stdio;

use installer::host::{Command, Exit, Host, HostError, Input, Output};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};

use super::{ENVIRONMENT, Node};

/// A node on which commands run as root.
#[derive(Debug, Clone)]
pub struct NodeHost {
    name: String,
    leader: u32,
}

impl Node {
    /// The node as a machine of the installer's, called `name`, until it reboots.
    pub fn host(&self, name: &str) -> NodeHost {
        NodeHost { name: name.to_owned(), leader: self.leader }
    }
}

impl NodeHost {
    fn start(&self, command: &Command) -> std::io::Result<Child> {
        let mut process = tokio::process::Command::new("/usr/bin/nsenter");
        process.args(["--target", &self.leader.to_string(), "--all", "--", "/usr/bin/env", "-i", "-C", "/root"]);
        process.args(ENVIRONMENT).args(&command.argv);
        // A group of its own: what nsenter starts in the node goes with it.
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        process.kill_on_drop(true).spawn()
    }

    async fn finish(&self, command: &Command) -> std::io::Result<Option<Output>> {
        let mut child = self.start(command)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let stdin = child.stdin.take();
        let feed = async {
            // A command need not read what it is given.
            if let Some(stdin) = stdin {
                feed(&command.input, stdin).await.ok();
            }
        };
        let end = async { tokio::join!(child.wait_with_output(), feed).0 };
        match tokio::time::timeout(command.patience, end).await {
            Ok(output) => output.map(|output| Some(told(output, command.kept))),
            Err(_) => {
                if let Some(group) = group {
                    kill_process_group(group, Signal::KILL).ok();
                }
                Ok(None)
            }
        }
    }
}

impl Host for NodeHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn run<'a>(
        &'a self,
        command: &'a Command,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Output, HostError>> + Send + 'a>> {
        Box::pin(async move {
            let (host, what) = (self.name.clone(), command.what.clone());
            match self.finish(command).await {
                Ok(Some(output)) => Ok(output),
                Ok(None) => Err(HostError::TimedOut { host, what, seconds: command.patience.as_secs() }),
                Err(_) => Err(HostError::Lost { host, what }),
            }
        })
    }
}

async fn feed(input: &Input, mut stdin: ChildStdin) -> std::io::Result<()> {
    match input {
        Input::Nothing => {}
        Input::Bytes(bytes) => stdin.write_all(bytes).await?,
        Input::File { path, offset, length } => {
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(std::io::SeekFrom::Start(*offset)).await?;
            tokio::io::copy(&mut file.take(*length), &mut stdin).await?;
        }
    }
    stdin.shutdown().await
}

/// What a process said, as far as it is kept.
fn told(output: std::process::Output, kept: usize) -> Output {
    use std::os::unix::process::ExitStatusExt as _;
    let exit = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => Exit::Code(code.unsigned_abs()),
        (None, signal) => Exit::Signal(signal.unwrap_or_default().to_string()),
    };
    let cut = output.stdout.len() > kept || output.stderr.len() > kept;
    let last = |mut bytes: Vec<u8>| bytes.split_off(bytes.len().saturating_sub(kept));
    Output { exit, stdout: last(output.stdout), stderr: last(output.stderr), cut }
}
