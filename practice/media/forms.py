from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.forms import FileField
from wagtail.documents.fields import WagtailDocumentField
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images import get_image_model
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from practice.media import documents
from practice.media.images import BrokenPicture, CleanPicture, stripped


class PictureField(WagtailImageField):
    """A picture, without what the camera wrote; what cannot be read is refused beside the field.

    Wagtail and Django would open it here, in the web server's own process.
    """

    def to_python(self, data: Any) -> CleanPicture | None:
        file = FileField.to_python(self, data)
        if file is None:
            return None
        self.check_image_file_size(file)
        try:
            data.stripped = stripped(file)
        except BrokenPicture as error:
            raise ValidationError(str(error)) from error
        return data.stripped


def take_as(kind: type[FileField], fields: dict[str, Any]) -> None:
    """Lets a field of ours take the file, in the place of Wagtail's."""
    if given := fields.get("file"):
        fields["file"] = kind(label=given.label, required=given.required, widget=given.widget)


class ImageForm(BaseImageForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_as(PictureField, self.fields)
        if "description" in self.fields:
            self.fields["description"].help_text = (
                "What does the picture show? People who can't see it hear this instead. Leave this "
                "empty only if the picture is just decoration."
            )


class DocumentField(WagtailDocumentField):
    """A file for download that is what it is called, of a kind that readers can open."""

    default_error_messages = {
        "other_kind": "This isn't a PDF, Word (.docx), OpenDocument (.odt) or text (.txt) file, "
        "or it is damaged. Save it as one of these and choose it again."
    }

    def to_python(self, data: Any) -> File | None:
        file = super().to_python(data)
        if file and not documents.is_what_it_is_called(file, file.name):
            raise ValidationError(self.error_messages["other_kind"], code="other_kind")
        return file


class DocumentForm(BaseDocumentForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_as(DocumentField, self.fields)


def strip_waiting_picture(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Receiver of `pre_save`: Wagtail sets a picture aside while its title is not right yet.

    It keeps there what was sent, not what the form made of it.
    """
    if instance.for_content_type.model_class() is get_image_model() and not instance.pk:
        sent = instance.file.file
        instance.file = getattr(sent, "stripped", None) or stripped(sent)
