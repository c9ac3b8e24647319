use locospec::sim::generate::generate;
use locospec::sim::run::run;

#[test]
fn tmp() {
    let from: u64 = std::env::var("FROM").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let to: u64 = std::env::var("TO").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    for seed in from..to {
        let mut s = generate(seed);
        if std::env::var("NOFAULT").is_ok() {
            s.faults.clear();
        }
        let t = std::time::Instant::now();
        let o = run(&s);
        println!(
            "seed {seed} {} {:?} sim {:?} conv {:?} events {} {}",
            s.era,
            t.elapsed(),
            o.simulated,
            o.converged_in,
            o.trace.events.len(),
            &o.trace_hash.get(..8).unwrap_or("")
        );
        for v in &o.violations {
            println!("{v}");
        }
        if std::env::var("TRACE").is_ok() {
            for e in &o.trace.events {
                println!("{e}");
            }
            print!("{}", o.evidence);
        }
    }
}

#[test]
fn tmp_sweep() {
    let from: u64 = std::env::var("FROM").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let to: u64 = std::env::var("TO").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let quirks: Vec<String> = std::env::var("QUIRK").ok().into_iter().collect();
    let max: usize = std::env::var("MAX").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
    let t = std::time::Instant::now();
    let s = locospec::sim::run::sweep(from..to, 2, max, |seed| locospec::sim::run::with_quirks(seed, &quirks), |_| ());
    println!("{} runs in {:?}, {} failed; slowest {:?}", s.runs, t.elapsed(), s.failed.len(), s.slowest_converged);
    for (seed, o) in &s.failed {
        println!("seed {seed}: {}", o.violations[0]);
    }
    print!("{}", s.evidence);
    println!("{:?}", s.evidence.toothless());
}
