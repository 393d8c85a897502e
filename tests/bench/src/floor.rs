//! The floor: what a call costs when nothing but the kernel works for it.
//!
//! Frames of 70 bytes on blocking sockets. Whatever one read brings is answered by one write.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::{Options, Result, Scenario, TEXT, meter::Meter, ready};

/// Six bytes that name the call, and the text.
const FRAME: usize = 6 + TEXT.len();

/// Bytes that one read takes at most.
const BUFFER: usize = 256 << 10;

/// Answers frames until the process is killed.
///
/// # Errors
///
/// When the address cannot be listened on.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let listener = TcpListener::bind(options.addr)?;
    ready(listener.local_addr()?)?;
    for stream in listener.incoming() {
        let mut frames = Frames::new(stream?)?;
        std::thread::spawn(move || -> Result<()> {
            while let Some(batch) = frames.read()? {
                frames.stream.write_all(&frames.buffer[..batch])?;
                frames.drop_front(batch);
            }
            Ok(())
        });
    }
    Ok(())
}

/// Measures calls and prints.
///
/// # Errors
///
/// When a call fails, or the scenario has no floor.
pub(crate) fn load(options: &Options) -> Result<()> {
    if options.scenario != Scenario::Calls {
        return Err("only calls have a floor".into());
    }
    let mut frames = Frames::new(TcpStream::connect(options.addr)?)?;
    let meter = Meter::new(options);
    let mut started = vec![Instant::now(); options.concurrency];
    let mut first = Vec::new();
    for call in 0..options.concurrency {
        first.extend_from_slice(&(call as u32).to_le_bytes());
        first.extend_from_slice(&[0; 2]);
        first.extend_from_slice(TEXT.as_bytes());
    }
    // Two halves, so that both sides work at once.
    let half = options.concurrency.div_ceil(2) * FRAME;
    frames.stream.write_all(&first[..half])?;
    frames.stream.write_all(&first[half..])?;
    while let Some(batch) = frames.read()? {
        let now = Instant::now();
        for frame in frames.buffer[..batch].chunks_exact(FRAME) {
            let (call, text) = frame.split_at(6);
            let call = u32::from_le_bytes([call[0], call[1], call[2], call[3]]) as usize;
            if text != TEXT.as_bytes() || call >= started.len() {
                return Err("the answer is not the frame that was sent".into());
            }
            if !meter.record(started[call], now)? {
                return meter.report("calls");
            }
            started[call] = now;
        }
        frames.stream.write_all(&frames.buffer[..batch])?;
        frames.drop_front(batch);
    }
    Err("the server closed the connection".into())
}

struct Frames {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

impl Frames {
    fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
        })
    }

    /// Reads until there is a whole frame; returns how many bytes of whole frames there are, `None` at the end.
    fn read(&mut self) -> Result<Option<usize>> {
        loop {
            let read = self.stream.read(&mut self.buffer[self.filled..])?;
            if read == 0 {
                return Ok(None);
            }
            self.filled += read;
            let whole = self.filled / FRAME * FRAME;
            if whole > 0 {
                return Ok(Some(whole));
            }
        }
    }

    fn drop_front(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
    }
}
