# Sources: aws_ebs_volume, aws_instance, aws_launch_template, aws_launch_configuration and
# aws_ebs_encryption_by_default in the AWS provider's documentation.

#### volumes and snapshots
#= aws_ebs_volume.on: pass
#= aws_ebs_volume.off: fail
#= aws_ebs_volume.unsaid: fail
#= aws_ebs_volume.asked: unknown
#= aws_ebs_snapshot_copy.off: unknown
#= aws_ebs_snapshot_copy.said: fail
#= aws_ami_copy.on: pass
variable "encrypted" {}
resource "aws_ebs_volume" "on" {
  availability_zone = "us-east-1a"
  size              = 10
  encrypted         = true
}
resource "aws_ebs_volume" "off" {
  availability_zone = "us-east-1a"
  size              = 10
  encrypted         = false
}
resource "aws_ebs_volume" "unsaid" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_ebs_volume" "asked" {
  availability_zone = "us-east-1a"
  size              = 10
  encrypted         = var.encrypted
}
resource "aws_ebs_snapshot_copy" "off" {
  source_region      = "us-east-1"
  source_snapshot_id = "snap-0123456789abcdef0"
}
resource "aws_ebs_snapshot_copy" "said" {
  source_region      = "us-east-1"
  source_snapshot_id = "snap-0123456789abcdef0"
  encrypted          = false
}
resource "aws_ami_copy" "on" {
  name              = "copy"
  source_ami_id     = "ami-0123456789abcdef0"
  source_ami_region = "us-east-1"
  encrypted         = true
}

#### made from snapshots
#= aws_ebs_volume.of_on: pass
#= aws_ebs_volume.of_off: fail
#= aws_ebs_volume.of_copy: pass
#= aws_ebs_volume.of_seen: unknown
#= aws_ebs_volume.said: fail
#= aws_ebs_volume.on: pass
#= aws_ebs_volume.off: fail
#= aws_ebs_snapshot_copy.on: pass
#= aws_instance.of_on: pass
resource "aws_ebs_volume" "on" {
  availability_zone = "us-east-1a"
  size              = 10
  encrypted         = true
}
resource "aws_ebs_volume" "off" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_ebs_snapshot" "on" {
  volume_id = aws_ebs_volume.on.id
}
resource "aws_ebs_snapshot" "off" {
  volume_id = aws_ebs_volume.off.id
}
resource "aws_ebs_snapshot_copy" "on" {
  source_region      = "us-east-1"
  source_snapshot_id = aws_ebs_snapshot.on.id
}
resource "aws_ebs_volume" "of_on" {
  availability_zone = "us-east-1a"
  snapshot_id       = aws_ebs_snapshot.on.id
}
resource "aws_ebs_volume" "of_off" {
  availability_zone = "us-east-1a"
  snapshot_id       = aws_ebs_snapshot.off.id
}
resource "aws_ebs_volume" "of_copy" {
  availability_zone = "us-east-1a"
  snapshot_id       = aws_ebs_snapshot_copy.on.id
}
resource "aws_ebs_volume" "of_seen" {
  availability_zone = "us-east-1a"
  snapshot_id       = "snap-0123456789abcdef0"
}
resource "aws_ebs_volume" "said" {
  availability_zone = "us-east-1a"
  snapshot_id       = aws_ebs_snapshot.on.id
  encrypted         = false
}
resource "aws_instance" "of_on" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    encrypted = true
  }
  ebs_block_device {
    device_name = "/dev/sdb"
    snapshot_id = aws_ebs_snapshot.on.id
  }
}

#### instances
#= aws_instance.all: pass
#= aws_instance.root_off: fail
#= aws_instance.root_unsaid: fail
#= aws_instance.data_off: fail
resource "aws_instance" "all" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    encrypted = true
  }
  ebs_block_device {
    device_name = "/dev/sdf"
    encrypted   = true
  }
  ephemeral_block_device {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
}
resource "aws_instance" "root_off" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    volume_size = 20
  }
}
resource "aws_instance" "root_unsaid" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}
resource "aws_instance" "data_off" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    encrypted = true
  }
  ebs_block_device {
    device_name = "/dev/sdf"
  }
}

#### launch templates and configurations
#= aws_launch_template.on: pass
#= aws_launch_template.text: pass
#= aws_launch_template.off: fail
#= aws_launch_template.bare: fail
#= aws_launch_template.second_off: fail
#= aws_launch_configuration.off: fail
resource "aws_launch_template" "on" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = true
    }
  }
  block_device_mappings {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
}
resource "aws_launch_template" "text" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = "true"
    }
  }
}
resource "aws_launch_template" "off" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 20
    }
  }
}
resource "aws_launch_template" "bare" {}
resource "aws_launch_template" "second_off" {
  dynamic "block_device_mappings" {
    for_each = { "/dev/xvda" = true, "/dev/sdf" = false }
    content {
      device_name = block_device_mappings.key
      ebs {
        encrypted = block_device_mappings.value
      }
    }
  }
}
resource "aws_launch_configuration" "off" {
  image_id      = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

#### an instance of a template
#= aws_launch_template.on: pass
#= aws_instance.ours: pass
#= aws_instance.theirs: unknown
resource "aws_launch_template" "on" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = true
    }
  }
}
resource "aws_instance" "ours" {
  launch_template {
    id = aws_launch_template.on.id
  }
}
resource "aws_instance" "theirs" {
  launch_template {
    id = "lt-0123456789abcdef0"
  }
}

#### the account encrypts by default
#= aws_ebs_volume.unsaid: pass
#= aws_instance.unsaid: pass
resource "aws_ebs_encryption_by_default" "on" {
  enabled = true
}
resource "aws_ebs_volume" "unsaid" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_instance" "unsaid" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

#### the account does not
#= aws_ebs_volume.unsaid: fail
resource "aws_ebs_encryption_by_default" "off" {
  enabled = false
}
resource "aws_ebs_volume" "unsaid" {
  availability_zone = "us-east-1a"
  size              = 10
}
