//! Which service is which unit: the whole comparison behind the rules of the family `services`.

use super::judge;
use super::{CheckError, Request, Settings};
use crate::facts::services::matrix::matrix;
use crate::facts::services::rows::Matrix;
use crate::finding::Gap;
use crate::source::Sources;

/// The matrix of a repo, and the parts of the repo that could not be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services {
    /// Every file that was read.
    pub(crate) sources: Sources,
    /// The rows.
    pub(crate) matrix: Matrix,
    /// What could not be analysed, sorted by file and place.
    pub(crate) gaps: Vec<Gap>,
    /// Targets that were requested wrongly.
    pub(crate) errors: Vec<CheckError>,
}

/// Compares the services of a repo with what its scripts put on the server.
///
/// # Errors
/// Wrong usage or configuration; nothing was compared.
pub(crate) fn services(request: &Request) -> Result<Services, CheckError> {
    // The code is not needed here.
    let request = Request { select: vec!["services".to_owned()], ..request.clone() };
    let settings = Settings::load(&request)?;
    let mut sources = Sources::default();
    let mut found = None;
    let judged = judge::judge(&request, &settings, &mut sources, &mut |context| {
        found = Some(matrix(context));
    })?;
    let mut gaps = judged.gaps;
    gaps.extend(judged.encoding);
    gaps.sort();
    gaps.dedup();
    Ok(Services { sources, matrix: found.unwrap_or_default(), gaps, errors: judged.errors })
}
