//! An item's version, as clients see it: its context, opaque and without surprise in a header.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tombolo_causality::VersionVector;

use crate::EncodeError;
use crate::envelope::append;
use crate::vector::encode_vector;

const VERSION: u8 = 1;

/// URL-safe text that two items have in common exactly when the same writes touched them.
pub fn encode_version(context: &VersionVector) -> Result<String, EncodeError> {
    let bytes = append("version", vec![VERSION], &encode_vector(context)?)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
