//! Opens every log while it still may be, and starts the programs of piped ones.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use super::StartError;
use crate::plan::log::LogTarget;
use crate::plan::{Place, Plan};

/// All logs of a plan, open.
#[derive(Debug, Default)]
pub(super) struct Logs {
    files: Vec<(LogTarget, Arc<File>)>,
    /// Programs that read a log. They end when the last writer has gone.
    programs: Vec<Child>,
}

impl Logs {
    /// Opens each once.
    ///
    /// # Errors
    /// The first that cannot be opened, with its line.
    pub(super) fn open(plan: &Plan) -> Result<Self, StartError> {
        let mut logs = Self::default();
        for host in &plan.hosts {
            logs.add(&host.error_log.target, &host.error_log.place)?;
            for log in &host.access_logs {
                logs.add(&log.target, &log.place)?;
            }
        }
        Ok(logs)
    }

    fn add(&mut self, target: &LogTarget, place: &Place) -> Result<(), StartError> {
        if self.file(target).is_some() {
            return Ok(());
        }
        let failed = |source| StartError::Log { place: place.clone(), target: text(target), source };
        let file = match target {
            LogTarget::File(path) => append(path).map_err(failed)?,
            LogTarget::Pipe(command) => {
                let (program, pipe) = start(command).map_err(failed)?;
                self.programs.push(program);
                File::from(pipe)
            }
        };
        self.files.push((target.clone(), Arc::new(file)));
        Ok(())
    }

    /// The file of a log.
    pub(super) fn file(&self, target: &LogTarget) -> Option<Arc<File>> {
        self.files.iter().find(|(known, _)| known == target).map(|(_, file)| Arc::clone(file))
    }

    /// All of them.
    pub(super) fn all(&self) -> &[(LogTarget, Arc<File>)] {
        &self.files
    }

    /// Closes the logs, and waits for the programs that read them.
    pub(super) fn close(mut self) {
        self.files.clear();
        for program in &mut self.programs {
            let _ = program.wait();
        }
    }
}

/// The terminal's streams are taken as they are: opening them anew fails where they belong to another account.
fn append(path: &Path) -> io::Result<File> {
    use std::os::fd::AsFd;
    let inherited = match path.to_str() {
        Some("/dev/stderr" | "/proc/self/fd/2") => Some(io::stderr().as_fd().try_clone_to_owned()),
        Some("/dev/stdout" | "/proc/self/fd/1") => Some(io::stdout().as_fd().try_clone_to_owned()),
        _ => None,
    };
    match inherited {
        Some(descriptor) => descriptor.map(File::from),
        None => OpenOptions::new().append(true).create(true).open(path),
    }
}

fn start(command: &str) -> io::Result<(Child, OwnedFd)> {
    let mut words = command.split_ascii_whitespace();
    let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program).args(words).stdin(Stdio::piped()).process_group(0).spawn()?;
    let pipe = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    Ok((child, pipe.into()))
}

fn text(target: &LogTarget) -> String {
    match target {
        LogTarget::File(path) => path.display().to_string(),
        LogTarget::Pipe(command) => format!("|{command}"),
    }
}
