//! Unpacks gzip files as gzip itself does: concatenated members, with trailing zeros ignored.

use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, ErrorKind, Read};

/// Trailing bytes that are neither zeros nor another member.
#[derive(Debug, thiserror::Error)]
#[error("trailing garbage: {0} bytes behind the end of the gzip data")]
pub(super) struct Garbage(u64);

/// The unpacked bytes. Tapes and block copies pad a file with zeros, which are ignored.
/// [`flate2::bufread::MultiGzDecoder`] would treat them as a damaged member.
pub(super) struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            member: Some(GzDecoder::new(input)),
        }
    }

    /// Continues after the end of a member.
    fn advance(&mut self, mut input: R) -> io::Result<()> {
        if input.fill_buf()?.first() == Some(&0x1f) {
            self.member = Some(GzDecoder::new(input));
            return Ok(());
        }
        let (mut count, mut zeros) = (0, true);
        loop {
            let piece = input.fill_buf()?;
            let length = piece.len();
            match length {
                0 if zeros => return Ok(()),
                0 => return Err(io::Error::new(ErrorKind::InvalidData, Garbage(count))),
                _ => zeros &= piece.iter().all(|&byte| byte == 0),
            }
            count += length as u64;
            input.consume(length);
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(to)?;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            if let Some(ended) = self.member.take() {
                self.advance(ended.into_inner())?;
            }
        }
        Ok(0)
    }
}
