"""The pictures of the site."""

from typing import Any, ClassVar

from django.db import models
from wagtail.images.models import AbstractImage, AbstractRendition

from practice.media.images import CleanPicture, stripped


class SiteImage(AbstractImage):
    """A picture whose stored original holds no position, camera or date."""

    admin_form_fields = ("title", "file", "description", "collection", "tags")

    @property
    def default_alt_text(self) -> str:
        """The description, or nothing: read aloud, a file's name says less than silence."""
        return str(self.description)

    def save(self, *args: Any, **kwargs: Any) -> None:
        file: Any = self.file
        if file and not file._committed:
            if not isinstance(file.file, CleanPicture):
                self.file: Any = stripped(file.file)
            self._set_image_file_metadata()
        super().save(*args, **kwargs)


class SiteRendition(AbstractRendition):
    image = models.ForeignKey(SiteImage, related_name="renditions", on_delete=models.CASCADE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="one_rendition_each"
            )
        ]
