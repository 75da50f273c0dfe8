//! An item's version, as clients see it: its context, opaque and without surprise in a header.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tombolo_causality::VersionVector;

use crate::envelope::{append, versioned, whole};
use crate::vector::{decode_vector, encode_vector};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "version";

/// URL-safe text that two items have in common exactly when the same writes touched them.
pub fn encode_version(context: &VersionVector) -> Result<String, EncodeError> {
    let bytes = append(WHAT, vec![VERSION], &encode_vector(context)?)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The context that a version stands for.
pub fn decode_version(text: &str) -> Result<VersionVector, DecodeError> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    let bytes = bytes.map_err(|_| DecodeError::Malformed { what: WHAT })?;
    decode_vector(whole(WHAT, versioned(WHAT, VERSION, &bytes)?)?)
}
