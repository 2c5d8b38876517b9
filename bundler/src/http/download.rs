//! Downloads: bodies of any size, streamed into a sink, resumed where they were cut.

use std::io;
use std::time::Instant;

use reqwest::header::{HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use super::client::content_length;
use super::exchange::Request;
use super::range::{content_range, validator};
use super::retry::{LastFailure, Retry};
use super::{Client, FetchError, Pump, Sink};

/// Bytes that count as getting on: after them, attempts are counted anew.
const PROGRESS: u64 = 1 << 20;
/// How often content that turns out wrong is fetched anew.
const WRONG_CONTENT: u32 = 1;

/// What to download.
#[derive(Debug, Clone)]
pub struct Download {
    /// The request: a GET.
    pub request: Request,
    /// The size in bytes, where it is known.
    pub size: Option<u64>,
    /// Whether the sink knows what the bytes must be, so that a body may be put together from two answers even where
    /// the server gives nothing that ties them together.
    pub verified: bool,
}

impl<S: Sink> From<S> for Pump<S> {
    fn from(sink: S) -> Self {
        Self::new(sink)
    }
}

/// What one download remembers from one attempt to the next.
struct Course<'a> {
    /// Ties a resumed body to the one before.
    validator: Option<HeaderValue>,
    retry: Retry<'a>,
    wrong: u32,
}

impl Client {
    /// Downloads into a sink, and lets the sink check what came.
    ///
    /// # Errors
    /// [`FetchError`], after as many attempts as the settings allow; an attempt that brought the download on does
    /// not count.
    pub async fn download<S: Sink>(&self, download: &Download, sink: S) -> Result<S, FetchError> {
        let mut pump = Pump::new(sink);
        self.download_into(download, &mut pump).await?;
        let url = download.request.shown();
        pump.into_sink().await.ok_or_else(|| FetchError::Sink { url, source: io::Error::other("the sink is gone") })
    }

    /// Like [`Client::download`], but leaves the sink to the caller: to try another source after an error.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub async fn download_into<S: Sink>(&self, download: &Download, pump: &mut Pump<S>) -> Result<(), FetchError> {
        let last = LastFailure::default();
        self.guard(&download.request, &last, async {
            let mut course = Course { validator: None, retry: Retry::new(&last), wrong: 0 };
            loop {
                let before = pump.position();
                let Err(error) = self.attempt(download, pump, &mut course).await else { return Ok(()) };
                if pump.position().saturating_sub(before) >= PROGRESS {
                    course.retry.progressed();
                }
                if matches!(error, FetchError::Content { .. } | FetchError::Size { .. }) {
                    // A proxy's broken copy may be gone the second time; what is wrong twice is wrong.
                    course.wrong += 1;
                    restart(download, pump).await?;
                    if course.wrong > WRONG_CONTENT {
                        return Err(error);
                    }
                    tracing::debug!(%error, "fetching it anew");
                } else {
                    course.retry.pause_after(error, self.settings()).await?;
                }
            }
        })
        .await
    }

    async fn attempt<S: Sink>(
        &self,
        download: &Download,
        pump: &mut Pump<S>,
        course: &mut Course<'_>,
    ) -> Result<(), FetchError> {
        if pump.position() > 0 && course.validator.is_none() && !download.verified {
            restart(download, pump).await?;
        }
        if download.size.is_none_or(|size| pump.position() != size) {
            let mut response = self.ask(download, pump, course).await?;
            let outcome = self.receive(download, pump, &mut response.response).await;
            // What came is worth keeping, however the body ended.
            pump.flush().await.map_err(|source| stored(download, source))?;
            outcome?;
        } else if pump.position() == 0 {
            // Nothing at all is expected, and that can be had without asking.
            tracing::trace!("an empty download");
        }
        pump.finish().await.map_err(|source| stored(download, source))
    }

    /// Sends the request, for the rest where there is a beginning, and sees to it that the answer fits.
    async fn ask<S: Sink>(
        &self,
        download: &Download,
        pump: &mut Pump<S>,
        course: &mut Course<'_>,
    ) -> Result<super::exchange::Exchange, FetchError> {
        let position = pump.position();
        let mut extra = HeaderMap::new();
        if position > 0 {
            if let Ok(range) = HeaderValue::from_str(&format!("bytes={position}-")) {
                extra.insert(RANGE, range);
            }
            if let Some(validator) = &course.validator {
                extra.insert(IF_RANGE, validator.clone());
            }
        }
        let answer = self.exchange(&download.request, &extra).await;
        if position > 0 && answer.as_ref().is_err_and(|error| error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE))
        {
            restart(download, pump).await?;
            course.validator = None;
            return Err(FetchError::WrongRange { url: download.request.shown(), position });
        }
        let answer = answer?;
        match check_answer(download, position, &answer.response) {
            Ok(Start::Rest) => {}
            Ok(Start::Whole) => {
                if position > 0 {
                    restart(download, pump).await?;
                }
                course.validator = validator(answer.response.headers());
            }
            Err(error) => {
                restart(download, pump).await?;
                course.validator = None;
                return Err(error);
            }
        }
        Ok(answer)
    }

    async fn receive<S: Sink>(
        &self,
        download: &Download,
        pump: &mut Pump<S>,
        response: &mut Response,
    ) -> Result<(), FetchError> {
        let promised = download.size.or_else(|| Some(pump.position() + content_length(response.headers())?));
        let mut speed = Speed::new();
        while let Some(chunk) = self.next_chunk(&download.request.url, response).await? {
            if let Some(expected) = download.size
                && pump.position() + chunk.len() as u64 > expected
            {
                let actual = pump.position() + chunk.len() as u64;
                return Err(FetchError::Size { url: download.request.shown(), actual, expected });
            }
            speed.add(chunk.len() as u64);
            pump.push(chunk).await.map_err(|source| stored(download, source))?;
            speed.check(self, download)?;
        }
        match promised {
            Some(expected) if pump.position() < expected => {
                Err(FetchError::Truncated { url: download.request.shown(), received: pump.position(), expected })
            }
            _ => Ok(()),
        }
    }
}

enum Start {
    Rest,
    Whole,
}

fn check_answer(download: &Download, position: u64, response: &Response) -> Result<Start, FetchError> {
    let url = || download.request.shown();
    if response.status() == StatusCode::PARTIAL_CONTENT {
        let range = content_range(response.headers()).filter(|range| range.first == position && position > 0);
        let Some(range) = range else { return Err(FetchError::WrongRange { url: url(), position }) };
        return match (download.size, range.total) {
            (Some(expected), Some(actual)) if expected != actual => {
                Err(FetchError::Size { url: url(), actual, expected })
            }
            (Some(expected), _) if range.last >= expected => {
                Err(FetchError::Size { url: url(), actual: range.last + 1, expected })
            }
            _ => Ok(Start::Rest),
        };
    }
    match (download.size, content_length(response.headers())) {
        (Some(expected), Some(actual)) if expected != actual => Err(FetchError::Size { url: url(), actual, expected }),
        _ => Ok(Start::Whole),
    }
}

async fn restart<S: Sink>(download: &Download, pump: &mut Pump<S>) -> Result<(), FetchError> {
    pump.restart().await.map_err(|source| stored(download, source))
}

/// An error of the sink: wrong content, or a disk that is full.
fn stored(download: &Download, source: io::Error) -> FetchError {
    let url = download.request.shown();
    match source.kind() {
        io::ErrorKind::InvalidData => FetchError::Content { url, source },
        _ => FetchError::Sink { url, source },
    }
}

/// Notices a transfer that drips: bytes come, but so few that it would never end.
struct Speed {
    since: Instant,
    received: u64,
}

impl Speed {
    fn new() -> Self {
        Self { since: Instant::now(), received: 0 }
    }

    fn add(&mut self, bytes: u64) {
        self.received += bytes;
    }

    fn check(&mut self, client: &Client, download: &Download) -> Result<(), FetchError> {
        let patience = &client.settings().patience;
        let waited = self.since.elapsed();
        if waited < patience.silence * 2 {
            return Ok(());
        }
        let received = self.received;
        if (received as f64) < patience.slowest as f64 * waited.as_secs_f64() {
            return Err(FetchError::Stalled { url: download.request.shown(), received, waited });
        }
        *self = Self::new();
        Ok(())
    }
}
