//! Flags in a JSON file, in place of the provider of a flag service.

use std::{fs, path::PathBuf};

use async_trait::async_trait;
use open_feature::{
    EvaluationContext, EvaluationError, EvaluationErrorCode, EvaluationResult, StructValue,
    provider::{FeatureProvider, ProviderMetadata, ResolutionDetails},
};
use serde_json::Value;

type Resolved<T> = EvaluationResult<ResolutionDetails<T>>;

pub(crate) struct FileProvider {
    file: PathBuf,
    metadata: ProviderMetadata,
}

impl FileProvider {
    pub(crate) fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            metadata: ProviderMetadata::new("file"),
        }
    }

    fn resolve<T>(&self, key: &str, of_type: fn(&Value) -> Option<T>) -> Resolved<T> {
        let text = fs::read_to_string(&self.file)
            .map_err(|error| failed(EvaluationErrorCode::General(error.to_string())))?;
        let flags: Value =
            serde_json::from_str(&text).map_err(|_| failed(EvaluationErrorCode::ParseError))?;
        let value = flags.get(key);
        let value = value.ok_or_else(|| failed(EvaluationErrorCode::FlagNotFound))?;
        let value = of_type(value).ok_or_else(|| failed(EvaluationErrorCode::TypeMismatch))?;
        Ok(ResolutionDetails::builder().value(value).build())
    }
}

fn failed(code: EvaluationErrorCode) -> EvaluationError {
    EvaluationError::builder().code(code).build()
}

#[async_trait]
impl FeatureProvider for FileProvider {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(&self, key: &str, _: &EvaluationContext) -> Resolved<bool> {
        self.resolve(key, Value::as_bool)
    }

    async fn resolve_int_value(&self, key: &str, _: &EvaluationContext) -> Resolved<i64> {
        self.resolve(key, Value::as_i64)
    }

    async fn resolve_float_value(&self, key: &str, _: &EvaluationContext) -> Resolved<f64> {
        self.resolve(key, Value::as_f64)
    }

    async fn resolve_string_value(&self, key: &str, _: &EvaluationContext) -> Resolved<String> {
        self.resolve(key, |value| value.as_str().map(str::to_owned))
    }

    async fn resolve_struct_value(
        &self,
        key: &str,
        _: &EvaluationContext,
    ) -> Resolved<StructValue> {
        self.resolve(key, |_| None)
    }
}
