"""The seam between a runtime and the packages that offer services to blocks.

A service is an entry point of the group `xblock.service.v1`: its name is what blocks need or want,
its object a class, made as `Service(runtime=…, xblock=…)` for each block that asks. That is the
contract proposed for XBlock itself (openedx/XBlock pull request 927). `EntryPointServices` gives it
to runtimes of an XBlock that does not do it yet; when XBlock does, it goes and nothing else
changes (ADR 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xblock.exceptions import NoSuchServiceError
from xblock.plugin import Plugin, PluginMissingError

if TYPE_CHECKING:
    from xblock.runtime import Runtime as _Base
else:
    _Base = object


class ServiceProvider(Plugin):
    """How Plugin finds services: `.overrides` win, and two claims to one name are an error."""

    entry_point = "xblock.service.v1"  # type: ignore[assignment]


class EntryPointServices(_Base):
    """Put before a Runtime among the bases, it finds services of other packages for its blocks."""

    def service(self, block: Any, service_name: str) -> Any:
        """The runtime's own service, else one from an entry point, else None.

        A name that the runtime has is the runtime's, also where it has None: switched off.

        Raises NoSuchServiceError where the block did not declare the service, or needs one that is
        not there; AmbiguousPluginError where two packages claim the name.
        """
        if service_name in self._services:
            return super().service(block, service_name)
        declaration = block.service_declaration(service_name)
        if declaration is None:
            msg = f"Service {service_name!r} was not requested."
            raise NoSuchServiceError(msg)
        service = self._service_from_entry_point(block, service_name)
        if service is None and declaration == "need":
            msg = f"Service {service_name!r} is not available."
            raise NoSuchServiceError(msg)
        return service

    def _service_from_entry_point(self, block: Any, service_name: str) -> Any:
        services: dict[str, Any] = block.__dict__.setdefault("_entry_point_services", {})
        if service_name not in services:
            try:
                provider = ServiceProvider.load_class(service_name)
            except PluginMissingError:
                return None
            services[service_name] = provider(runtime=self, xblock=block)
        return services[service_name]
