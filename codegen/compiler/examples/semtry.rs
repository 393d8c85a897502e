fn main() {
    let mut c = capnp_compiler::Compiler::new().standard_imports(true);
    let mut files = vec![];
    let mut out = None;
    let mut quiet = false;
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        if let Some(p) = a.strip_prefix("-I") {
            c = c.import_path(p);
        } else if let Some(p) = a.strip_prefix("--src-prefix=") {
            c = c.src_prefix(p);
        } else if a == "--no-standard-import" {
            c = c.standard_imports(false);
        } else if a == "-q" {
            quiet = true;
        } else if a == "-o" {
            out = args.next();
        } else {
            files.push(a);
        }
    }
    match c.compile(&files) {
        Ok(r) => {
            let b = r.bytes();
            if !quiet {
                println!("ok {} bytes", b.len());
            }
            if let Some(o) = out {
                std::fs::write(o, b).unwrap();
            }
        }
        Err(e) => {
            if quiet {
                println!("refused")
            } else {
                println!("{e}")
            };
            std::process::exit(1)
        }
    }
}
