.PHONY: help run test acceptance test-django6 bench race big big-grades check fix messages clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

run:  ## set up the environment and serve the workbench with the demo course (PORT=8001 for another port)
	@scripts/run

test:  ## run all tests, on each database and in a browser (ARGS="-k name" for some of them)
	@scripts/test $(ARGS)

acceptance:  ## run only the tests in a browser
	@scripts/test --browser $(ARGS)

test-django6:  ## run the tests that depend on Django's version on the newest Django 6
	@scripts/setup dev .venv-django6 'Django>=6,<7'
	@.venv-django6/bin/python -m pytest -n 2 --dist loadgroup -m "not one_django" tests $(ARGS)

bench:  ## measure and compare with other packages, takes minutes (ARGS="--only views" for one section, "--quick" only checks that it runs)
	@scripts/bench $(ARGS)

# Prints the name of the step, and its output only if it fails.
step = echo '$(1)'; output=$$($(1) 2>&1) || { printf '%s\n' "$$output"; exit 1; }
django = .venv/bin/python -m django
settings = --settings xblock_experiments.settings.workbench
annotations = DJANGO_SETTINGS_MODULE=tests.our_apps .venv/bin/code_annotations \
	django_find_annotations --config_file .pii_annotations.yml --lint --coverage

race:  ## run 100,000 concurrent first views on three databases (ARGS=5000 for 5,000 on each)
	@scripts/on_each_database -m tests.race $(ARGS)

big:  ## measure PostgreSQL with a million learners in 20 experiments (about 7 minutes, 20 GB)
	@DATABASES=postgresql scripts/on_each_database -m benchmarks.million $(ARGS)

big-grades:  ## measure the grades of 100,000 learners on PostgreSQL (about 25 minutes, 15 GB; ARGS=10000 for fewer learners)
	@DATABASES=postgresql scripts/on_each_database -m benchmarks.big_grades $(ARGS)

check:  ## check style, format, types, import contracts, translations, personal data, migrations and settings
	@scripts/setup dev
	@$(call step,.venv/bin/ruff check .)
	@$(call step,.venv/bin/ruff format --check .)
	@$(call step,.venv/bin/mypy)
	@$(call step,.venv/bin/lint-imports)
	@$(call step,.venv/bin/python scripts/docstrings)
	@$(call step,.venv/bin/python scripts/messages --check)
	@$(call step,$(annotations))
	@$(call step,$(django) makemigrations --check --dry-run $(settings))
	@$(call step,$(django) check $(settings))

fix:  ## fix and format the code with ruff
	@scripts/setup dev
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

messages:  ## update the messages for translators and compile the translations
	@scripts/setup dev
	@.venv/bin/python scripts/messages

clean:  ## remove the environments, the workbench's data (var) and all caches
	rm -rf .venv* var build dist *.egg-info .coverage htmlcov .hypothesis
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
