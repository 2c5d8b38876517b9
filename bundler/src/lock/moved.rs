//! What of a stack is not as its lock has it.

use std::collections::BTreeMap;

use manifests::Lock;
use manifests::lock::LockedGit;
use manifests::yaml::{Location, Problem};

use super::{Folder, Kind, Request};
use crate::resolve::stack::ResolvedStack;

/// What the stack asks for otherwise than its lock says: each item that came, went or is asked for in another way, at its
/// place in the stack.
pub fn moved(stack: &ResolvedStack, lock: &Lock, folder: &Folder) -> Vec<Problem> {
    let mut locked: BTreeMap<(Kind, String), Vec<Request>> = BTreeMap::new();
    for request in of_lock(lock) {
        locked.entry((request.kind, request.name.clone())).or_default().push(request);
    }
    let mut problems = Vec::new();
    let mut others = Vec::new();
    for (request, location) in of_stack(stack, lock, folder) {
        let known = locked.get_mut(&(request.kind, request.name.clone()));
        match known.and_then(|known| known.iter().position(|one| *one == request).map(|at| known.remove(at))) {
            Some(_) => {}
            None => others.push((request, location)),
        }
    }
    for (request, location) in others {
        let before = locked.get_mut(&(request.kind, request.name.clone())).and_then(Vec::pop);
        problems.push(match before {
            Some(before) => Problem::new(location, differences(&before, &request), "asked for in another way"),
            None => Problem::new(location, format!("{request} is not in the lock"), "asked for here"),
        });
    }
    for request in locked.into_values().flatten() {
        let message = format!("{request} is in the lock, and the stack does not ask for it any more");
        problems.push(Problem::new(&stack.location, message, "this stack"));
    }
    problems
}

/// What on disk is not what the lock says, or what upstream gave in spite of it: told once everything is found. `made` is
/// the lock that the build would make.
pub fn moved_on_disk(stack: &ResolvedStack, lock: &Lock, made: &Lock, folder: &Folder) -> Vec<Problem> {
    let mut problems = Vec::new();
    // What only one of them has is asked for in another way, and told as that.
    let mut differ = |location: &Location, request: &Request, content: &dyn Fn(&Lock) -> Option<String>| {
        if let (Some(before), Some(after)) = (content(lock), content(made))
            && before != after
        {
            let message = format!("{request} was {before} when it was locked, and is {after} now");
            problems.push(Problem::new(location, message, "asked for here"));
        }
    };
    for image in &stack.images {
        differ(&image.location, &Request::image(image, folder), &|lock| {
            let locked = lock.images.iter().find(|locked| locked.image == image.reference)?;
            Some(locked.digest.to_string())
        });
    }
    for chart in &stack.charts {
        let request = Request::chart(chart, folder);
        differ(&chart.location, &request, &|lock| {
            let locked = lock.charts.iter().find(|locked| Request::locked_chart(locked) == request)?;
            Some(format!("{} ({})", locked.version, locked.digest))
        });
    }
    for file in &stack.files {
        differ(&file.location, &Request::file(file, folder, None), &|lock| {
            let of = lock.files.iter().find(|of| of.component == file.component && of.file == file.path)?;
            Some(of.digest.to_string())
        });
    }
    for git in &stack.git {
        differ(&git.wanted.location, &Request::git(git, folder), &|lock| {
            let is_it = |of: &&LockedGit| of.component == git.component && of.git == git.wanted.name;
            let of = lock.git.iter().find(is_it)?;
            Some(format!("{} ({})", of.commit, of.digest))
        });
    }
    for system in &stack.systems {
        differ(&system.location, &Request::system(system, folder), &|lock| {
            let locked = lock.systems.iter().find(|locked| locked.series == system.series)?;
            let digests: Vec<String> = locked.base.iter().filter_map(|base| Some(base.digest?.to_string())).collect();
            Some(format!("for nodes with {}", digests.join(", ")))
        });
    }
    problems
}

fn differences(before: &Request, after: &Request) -> String {
    let named = |text: &String| if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") };
    let fields = before.fields.iter().zip(&after.fields).filter(|(before, after)| before != after);
    let told: Vec<String> = fields
        .map(|((field, before), (_, after))| {
            format!("`{field}` is {} in the lock and {} in the stack", named(before), named(after))
        })
        .collect();
    format!("{after}: {}", told.join("; "))
}

fn of_stack<'a>(stack: &'a ResolvedStack, lock: &Lock, folder: &Folder) -> Vec<(Request, &'a Location)> {
    let mut requests = Vec::new();
    requests.extend(stack.images.iter().map(|image| (Request::image(image, folder), &image.location)));
    requests.extend(stack.charts.iter().map(|chart| (Request::chart(chart, folder), &chart.location)));
    for file in &stack.files {
        let locked = lock.files.iter().find(|locked| locked.component == file.component && locked.file == file.path);
        requests.push((Request::file(file, folder, locked), &file.location));
    }
    requests.extend(stack.git.iter().map(|git| (Request::git(git, folder), &git.wanted.location)));
    for system in stack.systems.iter().filter(|system| !system.packages.is_empty()) {
        requests.push((Request::system(system, folder), &system.location));
        let packages = Request::packages(system);
        requests.extend(packages.into_iter().map(|(request, package)| (request, &package.location)));
    }
    requests.extend(stack.mirrors.iter().map(|mirror| (Request::mirror(mirror), &mirror.location)));
    requests
}

fn of_lock(lock: &Lock) -> Vec<Request> {
    let mut requests = Vec::new();
    requests.extend(lock.images.iter().map(Request::locked_image));
    requests.extend(lock.charts.iter().map(Request::locked_chart));
    requests.extend(lock.files.iter().map(Request::locked_file));
    requests.extend(lock.git.iter().map(Request::locked_git));
    for system in &lock.systems {
        requests.push(Request::locked_system(system));
        requests.extend(Request::locked_packages(system).into_iter().map(|(request, _)| request));
    }
    requests.extend(lock.mirrors.iter().map(Request::locked_mirror));
    requests
}
