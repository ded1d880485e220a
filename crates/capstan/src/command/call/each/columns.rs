//! Which parameter each column is.

use std::collections::HashMap;

use capstan_engine::{CallError, OperationView};
use capstan_spec::diagnostic::Code;
use serde_json::{Map, Value};

/// The target that leaves a column out.
const NOTHING: &str = "";

/// The column that stands for all that are no parameters.
const REST: &str = "*";

/// Columns and their parameters. A column that is not mentioned is the parameter of its name.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Column and parameter; [`NOTHING`] leaves the column out.
    mapped: HashMap<String, String>,
    /// The names of parameters, where all other columns are left out.
    known: Option<Vec<String>>,
}

impl Columns {
    /// Reads `--each-map`: `column=parameter`, `column=`, `*=`.
    ///
    /// # Errors
    /// A text is none of that.
    pub(super) fn parse(texts: &[String], operation: OperationView<'_>) -> Result<Self, CallError> {
        let mut columns = Columns::default();
        for text in texts {
            let Some((column, parameter)) = text.rsplit_once('=').filter(|(column, _)| !column.is_empty()) else {
                let message = format!("`--each-map {text}` maps no column");
                return Err(CallError::new(Code::BadSettings, message)
                    .with_help("write `column=parameter`, `column=` to leave it out, or `*=` to leave out the rest"));
            };
            if (column, parameter) == (REST, NOTHING) {
                columns.known = Some(operation.inputs().map(|input| input.name().to_owned()).collect());
            } else {
                columns.mapped.insert(column.to_owned(), parameter.to_owned());
            }
        }
        Ok(columns)
    }

    /// The parameter of a column, unless it is left out.
    fn parameter<'c>(&'c self, column: &'c str) -> Option<&'c str> {
        if let Some(parameter) = self.mapped.get(column) {
            return Some(parameter.as_str()).filter(|parameter| *parameter != NOTHING);
        }
        let is_left_out = self.known.as_ref().is_some_and(|known| !known.iter().any(|name| name == column));
        (!is_left_out).then_some(column)
    }

    /// The parameters of a row.
    pub(super) fn params(&self, cells: &Map<String, Value>) -> Map<String, Value> {
        let named = cells.iter().filter_map(|(column, value)| Some((self.parameter(column)?, value)));
        named.map(|(parameter, value)| (parameter.to_owned(), value.clone())).collect()
    }

    /// Checks columns before anything is sent: each is a parameter, and no two are the same. Where
    /// the columns are `all` that there will be, those that are mapped must be among them.
    ///
    /// # Errors
    /// All that is wrong, and how to bind the columns.
    pub(super) fn check(&self, names: &[&str], operation: OperationView<'_>, all: bool) -> Result<(), CallError> {
        let mut wrong: Vec<String> = names.iter().filter_map(|column| self.misfit(column, operation)).collect();
        wrong.extend(self.clashes(names));
        let mut mapped: Vec<&str> = self.mapped.keys().map(String::as_str).collect();
        mapped.sort_unstable();
        let absent = mapped.into_iter().filter(|column| all && !names.contains(column));
        wrong.extend(absent.map(|column| format!("`{column}` is mapped, but the rows have no such column")));
        if wrong.is_empty() {
            return Ok(());
        }
        let what = if wrong.len() == 1 { "a column of the rows does" } else { "columns of the rows do" };
        let error = CallError::new(Code::UnknownColumn, format!("{what} not fit `{}`", operation.name()));
        let error = wrong.into_iter().fold(error, CallError::detail);
        let error = match names {
            // What is separated otherwise is a file of one column.
            [only] if only.contains([';', '\t', '|']) => {
                error.with_help("cells are separated by commas, or with `--each-format tsv` by tabs")
            }
            _ => error,
        };
        Err(error.with_help(
            "bind a column with `--each-map column=parameter`; leave it out with `--each-map column=`, \
             all others with `--each-map '*='`",
        ))
    }

    /// Why a column is no parameter.
    fn misfit(&self, column: &str, operation: OperationView<'_>) -> Option<String> {
        let name = self.parameter(column)?;
        if operation.input(name).is_some() {
            return None;
        }
        if column.is_empty() {
            return Some("a column has no name; `--each-map '*='` leaves it out".to_owned());
        }
        let shown = if name == column { format!("`{column}`") } else { format!("`{column}`, mapped to `{name}`,") };
        if let Some(fixed) = operation.fixed().find(|fixed| fixed.name() == name) {
            return Some(format!("{shown} has a fixed value in the capability ({})", fixed.place()));
        }
        Some(unknown(&shown, name, operation))
    }

    /// Columns that are the same parameter as one before.
    fn clashes<'c>(&'c self, names: &'c [&str]) -> impl Iterator<Item = String> + 'c {
        let parameters: Vec<Option<&str>> = names.iter().map(|column| self.parameter(column)).collect();
        names.iter().enumerate().filter_map(move |(n, column)| {
            let parameter = parameters[n]?;
            let first = parameters[..n].iter().position(|earlier| *earlier == Some(parameter))?;
            Some(format!("`{}` and `{column}` are both the parameter `{parameter}`", names[first]))
        })
    }
}

/// Checks the names of what holds for every row.
///
/// # Errors
/// Those that are no parameters.
pub(super) fn check_fixed(fixed: &Map<String, Value>, operation: OperationView<'_>) -> Result<(), CallError> {
    let unknown_names = fixed.keys().filter(|name| operation.input(name).is_none());
    let wrong: Vec<String> = unknown_names.map(|name| unknown(&format!("`{name}`"), name, operation)).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let what = if wrong.len() == 1 { "a parameter does" } else { "parameters do" };
    let error = CallError::new(Code::InvalidParameters, format!("{what} not fit `{}`", operation.name()));
    Err(wrong.into_iter().fold(error, CallError::detail))
}

fn unknown(shown: &str, name: &str, operation: OperationView<'_>) -> String {
    match capstan_spec::nearest(name, operation.inputs().map(|input| input.name())) {
        Some(near) => format!("{shown} is not a parameter; did you mean `{near}`?"),
        None => format!("{shown} is not a parameter; {}", those_there_are(operation)),
    }
}

fn those_there_are(operation: OperationView<'_>) -> String {
    let names: Vec<String> = operation.inputs().map(|input| format!("`{}`", input.name())).collect();
    match names.as_slice() {
        [] => "the operation takes none".to_owned(),
        names => format!("the parameters are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use capstan_engine::bindings::MapFiles;
    use serde_json::json;

    use super::*;

    const TEXT: &str = "ikanos: 1.0.0-beta5\ncapability: {consumes: [{type: http, namespace: a, baseUri: 'https://a.example', \
         resources: {r: {path: '/{code}', operations: {get: {method: GET, inputParameters: \
         {code: {in: path, type: string}, Accept: {in: header, value: x}}}}}}}]}";

    fn with<T>(map: &[&str], check: impl FnOnce(Result<Columns, CallError>, OperationView<'_>) -> T) -> T {
        let plan = capstan_engine::load_text("a.yaml", TEXT, &MapFiles::default()).plan.expect("the text is right");
        let operation = plan.catalogue().operation(plan.find("get").expect("it is there"));
        let map: Vec<String> = map.iter().map(|text| (*text).to_owned()).collect();
        check(Columns::parse(&map, operation), operation)
    }

    fn misfits(map: &[&str], names: &[&str]) -> Vec<String> {
        with(map, |columns, operation| {
            let checked = columns.expect("the map is right").check(names, operation, true);
            checked.err().map_or(Vec::new(), |error| error.details().to_vec())
        })
    }

    #[test]
    fn columns_are_parameters() {
        assert!(misfits(&[], &["code"]).is_empty());
        assert!(misfits(&["id=code", "note="], &["id", "note"]).is_empty());
        assert!(misfits(&["*="], &["code", "name", "Accept"]).is_empty());
        assert_eq!(misfits(&[], &["cod"]), ["`cod` is not a parameter; did you mean `code`?"]);
        assert_eq!(misfits(&["a=b"], &["a"]), ["`a`, mapped to `b`, is not a parameter; the parameters are `code`"]);
        assert_eq!(misfits(&[], &["Accept"]), ["`Accept` has a fixed value in the capability (header)"]);
        assert_eq!(misfits(&["id=code"], &["code"]), ["`id` is mapped, but the rows have no such column"]);
        assert_eq!(misfits(&["id=code"], &["code", "id"]), ["`code` and `id` are both the parameter `code`"]);
    }

    #[test]
    fn a_map_has_a_column() {
        for text in ["code", "=code", ""] {
            with(&[text], |columns, _| assert!(columns.is_err(), "{text}"));
        }
    }

    #[test]
    fn cells_become_the_parameters_of_their_columns() {
        with(&["id=code", "note="], |columns, _| {
            let Value::Object(cells) = json!({"id": "7", "note": "n", "x": "1"}) else { panic!("an object") };
            let params = columns.expect("the map is right").params(&cells);
            assert_eq!(Value::Object(params), json!({"code": "7", "x": "1"}));
        });
    }
}
