//! Public parameters: names that hold the id of the latest image of a kind. Those of the user's own are not implemented.

use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::RegionName;
use weir_model::image::{CATALOGUE, Image};
use weir_wire::{Page, Token, parse_iso};

/// Most names of one GetParameters call.
const NAMES_MAX: usize = 10;
/// Most parameters of one page of GetParametersByPath.
const PATH_PAGE_MAX: i64 = 10;

/// A parameter with its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    name: String,
    r#type: &'static str,
    value: String,
    version: u32,
    last_modified_date: f64,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: &'static str,
}

impl Parameter {
    fn of(region: RegionName, name: &str, image: &Image) -> Parameter {
        Parameter {
            name: name.to_owned(),
            r#type: "String",
            value: image.id(region).to_string(),
            version: 1,
            last_modified_date: parse_iso(image.created).unwrap_or(0) as f64 / 1000.0,
            arn: format!("arn:aws:ssm:{region}::parameter{name}"),
            data_type: "aws:ec2:image",
        }
    }

    fn find(region: RegionName, name: &str) -> Option<Parameter> {
        let plain = bare(name, region);
        Image::by_parameter(plain).map(|image| Parameter::of(region, plain, image))
    }
}

/// A name without the ARN that may stand before it.
fn bare(name: &str, region: RegionName) -> &str {
    name.strip_prefix(&format!("arn:aws:ssm:{region}::parameter")).unwrap_or(name)
}

/// Gives one parameter.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetParameter {
    name: String,
    #[serde(default, rename = "WithDecryption")]
    _with_decryption: Option<bool>,
}

/// The parameter.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterResponse {
    parameter: Parameter,
}

impl Operation for GetParameter {
    type Response = GetParameterResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let found = Parameter::find(cx.scope.region, &self.name);
        let parameter = found.ok_or_else(|| Error::new("ParameterNotFound", ""))?;
        Ok(GetParameterResponse { parameter })
    }
}

/// Gives several parameters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetParameters {
    names: Vec<String>,
    #[serde(default, rename = "WithDecryption")]
    _with_decryption: Option<bool>,
}

/// Those that exist, and the names of those that do not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersResponse {
    parameters: Vec<Parameter>,
    invalid_parameters: Vec<String>,
}

impl Operation for GetParameters {
    type Response = GetParametersResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        if self.names.is_empty() || self.names.len() > NAMES_MAX {
            let message = format!(
                "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length \
                 between 1 and {NAMES_MAX}"
            );
            return Err(Error::new("ValidationException", message));
        }
        let (mut parameters, mut invalid_parameters) = (Vec::new(), Vec::new());
        for name in self.names {
            match Parameter::find(cx.scope.region, &name) {
                Some(parameter) => parameters.push(parameter),
                None => invalid_parameters.push(name),
            }
        }
        Ok(GetParametersResponse { parameters, invalid_parameters })
    }
}

/// Gives the parameters below a path, by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetParametersByPath {
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default, rename = "WithDecryption")]
    _with_decryption: Option<bool>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The parameters found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersByPathResponse {
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParametersByPath {
    type Response = GetParametersByPathResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        if !self.path.starts_with('/') {
            let message =
                "The parameter doesn't meet the parameter name requirements: a path begins with a slash.";
            return Err(Error::new("ValidationException", message));
        }
        let path = format!("{}/", self.path.trim_end_matches('/'));
        let is_below =
            |name: &str| name.strip_prefix(&path).is_some_and(|rest| self.recursive || !rest.contains('/'));
        let mut parameters = Vec::new();
        for image in CATALOGUE {
            let names = image.parameters.iter().filter(|name| is_below(name));
            parameters.extend(names.map(|name| Parameter::of(cx.scope.region, name, image)));
        }
        parameters.sort_by(|one, other| one.name.cmp(&other.name));
        let page = Page {
            max_results: Some(self.max_results.unwrap_or(PATH_PAGE_MAX)),
            next_token: self.next_token.map(Token::given),
        };
        let (parameters, next) =
            page.cut(1..=PATH_PAGE_MAX, parameters, |parameter| parameter.name.clone())?;
        Ok(GetParametersByPathResponse {
            parameters,
            next_token: next.map(|token| token.as_str().to_owned()),
        })
    }
}
