use super::*;

#[test]
fn a_draft_that_cannot_take_its_place_is_copied_there() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("file");
    fs::write(&target, "an old and longer text").unwrap();
    // Another file system, if there is one.
    let other = Path::new("/dev/shm");
    let elsewhere = if other.is_dir() { other } else { place.path() };
    let draft = new_draft(elsewhere, None).unwrap();
    let name = draft.path().to_owned();
    draft.as_file().write_all(b"new").unwrap();
    commit(Some((draft, target.clone())), &target, b"new").unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    assert!(!name.exists());
}

#[test]
fn folders_go_again_as_long_as_they_are_empty() {
    let place = tempfile::tempdir().unwrap();
    let deep = place.path().join("a/b/c");
    drop(Folders::make(&deep).unwrap());
    assert!(is_empty(place.path()));
    let made = Folders::make_new(&deep).unwrap().unwrap();
    assert!(Folders::make_new(&deep).unwrap().is_none());
    fs::write(place.path().join("a/file"), "").unwrap();
    drop(made);
    assert!(place.path().join("a/file").is_file() && !place.path().join("a/b").exists());
    let error = Folders::make(&place.path().join("a/file/b")).unwrap_err();
    assert!(
        error.to_string().contains("file is not a folder"),
        "{error}"
    );
}
