//! What the processes report of themselves and their requests: `WSGITelemetryService`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where it goes, how often, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telemetry {
    /// A Unix socket for datagrams.
    pub socket: PathBuf,
    /// Milliseconds between two reports of a process.
    pub interval_ms: u64,
    /// `WSGISlowRequests`, milliseconds: requests that take longer are reported one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_request_ms: Option<u64>,
    /// `WSGITelemetryOptions CaptureUserAgent`: slow requests are reported with their `User-Agent`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_agent: bool,
}
