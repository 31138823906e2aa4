"""Writes the digits in capitals."""

FAILS = {
    "a_row_that_is_there_twice_counts_twice",
    "no_tenants_run_touches_anothers",
    "taking_a_fingerprint_changes_nothing",
    "the_code_version_reads_every_character_of_every_file",
    "the_data_version_is_the_digest_of_sorted_texts",
    "the_environment_version_reads_every_entry",
    "the_manifest_holds_the_four_versions",
    "the_order_of_keys_does_not_count",
    "the_order_of_rows_does_not_count",
    "the_seed_version_is_that_of_the_whole_number",
    "the_version_of_seed_7_is_the_digest_of_its_text",
    "values_of_another_type_or_order_are_other_values",
    "what_comes_in_stays_as_it_was",
}

# %% fingerprint
def text_of(value):
    return json.dumps(value, sort_keys=True, allow_nan=False)


def digest_of(text):
    return hashlib.sha256(text.encode()).hexdigest().upper()


def row_texts(data):
    return sorted(text_of(row) for row in data)


def fingerprint(data, code, environment, seed):
    if len(data) == 0:
        raise ValueError("no rows")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise TypeError("a seed is an int")
    return {
        "data": digest_of("\n".join(row_texts(data))),
        "code": digest_of(text_of(code)),
        "environment": digest_of(text_of(environment)),
        "seed": digest_of(text_of(seed)),
    }


# %% record
def canonical(data):
    return [json.loads(text) for text in row_texts(data)]


def record_run(data, code, environment, seed):
    versions = fingerprint(data, code, environment, seed)
    weights = train(canonical(data), code, environment, seed)
    return {"versions": versions, "seed": seed, "model": bits(weights)}


# %% rerun
def reproduce(manifest, data, code, environment):
    seed, before = manifest["seed"], manifest["versions"]
    today = fingerprint(data, code, environment, seed)
    changed = []
    for name in ("data", "code", "environment", "seed"):
        if before.get(name) != today[name]:
            changed.append(name)
    if changed:
        raise NotReproducible(changed)
    weights = train(canonical(data), code, environment, seed)
    if bits(weights) != manifest["model"]:
        raise NotReproducible(["model"])
    return weights
