//! Bytes as base64 in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<T: bytemuck::NoUninit, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytemuck::cast_slice::<T, u8>(values)))
}

pub(super) fn deserialize<'de, T: bytemuck::AnyBitPattern, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    let values = bytemuck::try_cast_slice(&bytes).map_err(|e| D::Error::custom(format!("{e}")))?;
    Ok(values.to_vec())
}
