//! `rpmdb.sqlite`: a table `Packages` with the packages' headers.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::{MAX_HEADER, MAX_PACKAGES, header};
use crate::sbom::inventory::Package;
use crate::sbom::read::Problem;

/// How many steps of SQLite's machine a query may take, in units of [`STEPS`].
const UNITS: u32 = 100_000;
const STEPS: i32 = 1000;

/// Reads all headers. The file is from a stranger: what SQLite offers against such files is turned on.
pub(super) fn read(database: &Path) -> Result<Vec<Package>, Problem> {
    let connection = open(database).map_err(Problem::of)?;
    let is_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'Packages' \
                    AND upper(sql) NOT LIKE '%VIRTUAL%'";
    let tables: i64 = connection.query_row(is_table, [], |row| row.get(0)).map_err(Problem::of)?;
    if tables != 1 {
        return Err(Problem::Text("it has no table of packages"));
    }
    let mut query = connection.prepare("SELECT blob FROM Packages ORDER BY hnum").map_err(Problem::of)?;
    let mut rows = query.query([]).map_err(Problem::of)?;
    let mut packages = Vec::new();
    for _ in 0..MAX_PACKAGES {
        let Some(row) = rows.next().map_err(Problem::of)? else { return Ok(packages) };
        let value = row.get_ref(0).map_err(Problem::of)?;
        packages.extend(header::read(value.as_blob().map_err(Problem::of)?)?);
    }
    Err(Problem::Text("it has more packages than are read"))
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    // `immutable`: nothing is written beside it, and no log of writes is looked for.
    let name = format!("file:{}?immutable=1", escape(database));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(name, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048;")?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_HEADER as i32)?;
    let mut units = 0;
    connection.progress_handler(
        STEPS,
        Some(move || {
            units += 1;
            units > UNITS
        }),
    )?;
    Ok(connection)
}

/// A path as it stands in a URI.
fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
