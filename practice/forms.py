from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from wagtail.images.forms import BaseImageForm

from practice.images import BrokenPicture, stripped


class ImageForm(BaseImageForm):
    """Every form by which a picture comes in: what the camera wrote goes before it is stored."""

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if not isinstance(file, UploadedFile):
            return file  # the picture that is there already
        try:
            return stripped(file)
        except BrokenPicture as error:
            raise ValidationError(str(error)) from error
