//! What a command tells on its output. Whoever reads it may go away, as `head` does: then nobody is
//! told any more, and the work goes on to its end.

/// Tells a line, as `println!` does; nobody, when nobody reads any more.
macro_rules! say {
    ($($told:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stdout(), $($told)*));
    }};
}

pub(crate) use say;
