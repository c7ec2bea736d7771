# The front door; each task is a short script in tools/.
PREFIX ?= /usr/local

.PHONY: run build test crash-test check bench install assets clean
.DEFAULT_GOAL := build

run:            ## install what is missing, build, prepare ./data with demo data, serve
	@exec tools/run
build:          ## leave a release build that runs in place as .build/release/tenon
	@tools/build
test:           ## run everything, in a real browser too
	@tools/test
crash-test:     ## kill the server fifty times, fill its disk, have it fail
	@tools/crash-test
check:          ## build with warnings shown and check the layers
	@tools/check
bench:          ## print speed beside its floors; SIZES="10000 1000000" ENGINES="sqlite postgresql"
	@tools/bench
install: build  ## install to PREFIX (/usr/local)
	@tools/install "$(PREFIX)"
assets:         ## fetch and verify the browser scripts
	@tools/packages build && tools/assets
clean:          ## remove what was built and fetched; ./data stays
	rm -rf .build vendor
