/// The headers that this server acts on, as they came. A header that may stand only once and stands twice has made
/// the request a bad one before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'b> {
    /// `Host`.
    pub host: Option<&'b str>,
    /// `Authorization`.
    pub authorization: Option<&'b str>,
    /// `Range`.
    pub range: Option<&'b str>,
    /// `If-Range`.
    pub if_range: Option<&'b str>,
    /// `If-Match`.
    pub if_match: Option<&'b str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'b str>,
    /// `Expect`.
    pub expect: Option<&'b str>,
    /// `Connection`.
    pub connection: Option<&'b str>,
    /// `Content-Length`.
    pub content_length: Option<&'b str>,
    /// `Transfer-Encoding`.
    pub transfer_encoding: Option<&'b str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'b str>,
    /// `Git-Protocol`.
    pub git_protocol: Option<&'b str>,
}

/// A header that must not stand there twice does.
pub(super) struct Repeated;

impl<'b> Fields<'b> {
    /// Notes a header. Values that are not text are of none of ours.
    pub(super) fn note(&mut self, name: &str, value: &'b [u8]) -> Result<(), Repeated> {
        let place = match name.len() {
            4 if name.eq_ignore_ascii_case("host") => &mut self.host,
            5 if name.eq_ignore_ascii_case("range") => &mut self.range,
            6 if name.eq_ignore_ascii_case("expect") => &mut self.expect,
            8 if name.eq_ignore_ascii_case("if-range") => &mut self.if_range,
            8 if name.eq_ignore_ascii_case("if-match") => &mut self.if_match,
            10 if name.eq_ignore_ascii_case("connection") => &mut self.connection,
            12 if name.eq_ignore_ascii_case("git-protocol") => &mut self.git_protocol,
            13 if name.eq_ignore_ascii_case("authorization") => &mut self.authorization,
            13 if name.eq_ignore_ascii_case("if-none-match") => &mut self.if_none_match,
            14 if name.eq_ignore_ascii_case("content-length") => &mut self.content_length,
            16 if name.eq_ignore_ascii_case("content-encoding") => &mut self.content_encoding,
            17 if name.eq_ignore_ascii_case("transfer-encoding") => &mut self.transfer_encoding,
            _ => return Ok(()),
        };
        let text = std::str::from_utf8(value).map_err(|_| Repeated)?;
        if place.replace(text).is_some() { Err(Repeated) } else { Ok(()) }
    }

    /// Whether `Connection` has a token.
    pub(super) fn connection_has(&self, token: &str) -> bool {
        self.connection.is_some_and(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
    }
}
