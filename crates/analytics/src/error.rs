//! Why a model says no.

/// The outcome of a model.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a model cannot work with what it was given. `column` names the input, `row` counts from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// There is nothing to compute from.
    #[error("{column} is empty")]
    Empty {
        /// The input.
        column: &'static str,
    },
    /// Columns that belong together have different lengths.
    #[error("{column} has {found} rows where {wanted} are needed")]
    Length {
        /// The input.
        column: &'static str,
        /// How many it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
    /// A number that the model has no meaning for.
    #[error("{column} in row {row} is {value}: {wanted}")]
    Value {
        /// The input.
        column: &'static str,
        /// Where.
        row: usize,
        /// What it is.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// There is too little to tell anything from.
    #[error("{found} of {wanted} {what} needed")]
    TooFew {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        wanted: usize,
    },
    /// A parameter of the call itself.
    #[error("{name} is {value}: {wanted}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// A feature that a model cannot take.
    #[error("feature {name}: {wanted}")]
    Feature {
        /// Its name.
        name: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// There is nothing that keeps to all limits.
    #[error("{model} is impossible: the limits contradict each other")]
    Impossible {
        /// The model.
        model: &'static str,
    },
    /// The search for the best parameters did not end at one.
    #[error("the estimates of {model} did not converge")]
    NotConverged {
        /// The model.
        model: &'static str,
    },
}

/// Refuses columns of another length.
pub(crate) fn same_length(column: &'static str, found: usize, wanted: usize) -> Result<()> {
    if wanted == 0 {
        return Err(Error::Empty { column });
    }
    if found == wanted { Ok(()) } else { Err(Error::Length { column, found, wanted }) }
}

/// Refuses numbers that do not pass, and those that are none.
pub(crate) fn each(
    column: &'static str,
    values: &[f64],
    wanted: &'static str,
    passes: impl Fn(f64) -> bool,
) -> Result<()> {
    let wrong = values.iter().position(|value| !value.is_finite() || !passes(*value));
    match wrong {
        Some(row) => Err(Error::Value { column, row, value: values[row], wanted }),
        None => Ok(()),
    }
}

/// Refuses a parameter that does not pass.
pub(crate) fn parameter(
    name: &'static str,
    value: f64,
    wanted: &'static str,
    passes: impl Fn(f64) -> bool,
) -> Result<()> {
    if value.is_finite() && passes(value) {
        Ok(())
    } else {
        Err(Error::Parameter { name, value, wanted })
    }
}
